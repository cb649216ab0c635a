import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countersignError } from '../errors/countersign-error.ts';
import { FakeEngine, FakeServable } from '../../test/fakes/fake-engine.ts';
import type { VersionState } from './manager.ts';
import { Version, type Phase } from './version.ts';

const ref = { model: 'm', version: '1' };
const engine = new FakeEngine();
const servable = new FakeServable(engine, 'm/1', engine.plan(ref));

const phases: Readonly<Record<VersionState, Phase>> = {
  registered: { state: 'registered' },
  loading: { state: 'loading', stop: new AbortController(), startedAt: 0 },
  available: { state: 'available', servable },
  draining: { state: 'draining', servable },
  unloading: { state: 'unloading' },
  unloaded: { state: 'unloaded' },
  failed: { state: 'failed', error: countersignError('INTERNAL'), retryAt: 9_500 },
};

/** As the words of DESIGN section 7 have it, with the ways back. */
const legal = new Set([
  'registered>loading',
  'loading>available',
  'loading>failed',
  'loading>unloaded',
  'available>draining',
  'draining>available',
  'draining>unloading',
  'unloading>unloaded',
  'unloaded>loading',
  'failed>loading',
]);

function walk(...states: readonly VersionState[]): Version {
  const version = new Version(ref, 'asked for', 0);
  for (const state of states) version.become(phases[state], state, 0);
  return version;
}

describe('a version', () => {
  test('only moves as its life allows; anything else is refused and changes nothing', () => {
    const anyState = fc.constantFrom(...Object.values(phases));
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 40 }), (path) => {
        const version = walk();
        for (const next of path) {
          const before = version.phase;
          const isLegal = legal.has(`${before.state}>${next.state}`);
          const move = (): void => {
            version.become(next, '', 0);
          };
          if (isLegal) move();
          else expect(move).toThrow(expect.objectContaining({ code: 'INTERNAL' }) as Error);
          expect(version.phase).toBe(isLegal ? next : before);
        }
      }),
    );
  });

  test('shows its servable only while it has one', () => {
    const engines = [
      walk(),
      walk('loading'),
      walk('loading', 'available'),
      walk('loading', 'available', 'draining'),
    ];
    expect(engines.map((version) => version.status(false).engine)).toEqual([null, null, 'python', 'python']);
  });

  test('remembers a failure until it is worth another try, and says when that is', () => {
    const version = walk('loading', 'failed');
    expect(version.failure(8_400)?.facts.retryAfterSeconds).toBe(2);
    expect(version.failure(9_500)).toBeNull();
    expect(walk('loading').failure(0)).toBeNull();
  });

  test('is idle when the last handle is back', async () => {
    const version = walk('loading', 'available');
    await version.whenIdle();
    version.take(1);
    version.take(2);
    let idle = false;
    const waiting = version.whenIdle().then(() => (idle = true));
    version.giveBack(3);
    await Promise.resolve();
    expect([idle, version.inUse]).toEqual([false, 1]);
    version.giveBack(4);
    await waiting;
    expect(version.status(true)).toMatchObject({ inUse: 0, lastUsed: 4, pinned: true, loads: 1 });
  });
});
