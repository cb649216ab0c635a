import { describe, expect, it } from 'vitest';

import { CountersignError } from '../errors/countersign-error.ts';
import {
  memberTimings,
  memberVersionsHeader,
  readMemberVersions,
  writeMemberVersions,
} from './member-versions.ts';

const read = (value: string) => readMemberVersions({ [memberVersionsHeader]: value });
const turn = (name: string, version: string | null) => ({ name, version, durationMs: 1 });

describe('versions of members in a header', () => {
  it('are names with selectors', () => {
    expect(read('gate=2, expert=@candidate,third=latest')).toEqual(
      new Map([
        ['gate', { kind: 'version', version: '2' }],
        ['expert', { kind: 'alias', alias: 'candidate' }],
        ['third', { kind: 'latest' }],
      ]),
    );
  });

  it('are none where there is no header, or an empty one', () => {
    expect(readMemberVersions({})).toBeNull();
    expect(read(' ')).toBeNull();
  });

  it.each(['gate', '=2', 'gate=next', '%E0%A4%A=2'])('are refused as %s', (value) => {
    try {
      read(value);
      expect.unreachable();
    } catch (error) {
      expect(error instanceof CountersignError && error.code).toBe('INVALID_SELECTOR');
    }
  });

  it('are written so that they are read back, whatever the names', () => {
    const written = writeMemberVersions([turn('gate', '2'), turn('a, b=c/é', '10'), turn('failed', null)]);
    expect(written).toBe('gate=2, a%2C%20b%3Dc/%C3%A9=10');
    expect([...(read(written) ?? [])].map(([name]) => name)).toEqual(['gate', 'a, b=c/é']);
  });

  it('have tokens of their own in Server-Timing', () => {
    expect(memberTimings([turn('my gate/inner', '2')])).toEqual([['member-my%20gate%2Finner', 1]]);
  });
});
