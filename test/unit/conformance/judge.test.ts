import { describe, expect, it } from 'vitest';

import type { Case, Room } from '../../conformance/case.ts';
import { mismatch } from '../../conformance/compare.ts';
import { type Difference, judge } from '../../conformance/judge.ts';
import type { Outcome } from '../../conformance/replay.ts';

/** A case that recorded `[1]`, and what was answered: status and body. */
function outcome(id: string, status: number, body: string, room?: Room): Outcome {
  const recorded: Case = {
    id,
    model: 'm',
    category: 'coercion',
    request: { method: 'POST', path: '/invocations', headers: {} },
    response: { status: 200, content_type: 'application/json', body: '[1]' },
    match: 'exact',
    ...(room && { may_differ: room }),
  };
  const answer = { status, contentType: 'application/json', body: Buffer.from(body) };
  return {
    case: recorded,
    answer,
    strict: mismatch(recorded, answer, 'strict'),
    withRoom: mismatch(recorded, answer, 'with-room'),
  };
}

const refusal = '{"error_code":"BAD_REQUEST"}';
const same = outcome('m/same', 200, '[1]');
const wrong = outcome('m/wrong', 200, '[2]');
const refused = outcome('m/refused', 400, refusal, 'D3');
const refusedUnasked = outcome('m/unasked', 400, refusal);
const difference = (cases: string[], room: Room = 'D3'): Difference => ({ room, reason: 'because', cases });

describe('a case without a declaration', () => {
  it('has to be answered as recorded', () => {
    expect(judge([same], [])).toEqual([]);
    expect(judge([wrong], [])).toEqual([expect.stringContaining('m/wrong fails')]);
  });

  it('may not use its room', () => {
    expect(judge([refused], [])).toEqual([
      expect.stringContaining('m/refused differs as D3 allows, undeclared'),
    ]);
  });
});

describe('a declared difference', () => {
  it('may use the room that its case carries', () => {
    expect(judge([refused], [difference(['m/refused'])])).toEqual([]);
    expect(judge([refused], [difference(['m/ref*'])])).toEqual([]);
  });

  it('has to name the room that its case carries', () => {
    expect(judge([refused], [difference(['m/refused'], 'D4')])).not.toEqual([]);
    expect(judge([refusedUnasked], [difference(['m/unasked'])])).not.toEqual([]);
  });

  it('has to differ', () => {
    const met = outcome('m/met', 200, '[1]', 'D3');
    expect(judge([met], [difference(['m/met'])])).toEqual([
      expect.stringContaining('m/met no longer differs'),
    ]);
    expect(judge([met, refused], [difference(['m/*'])])).toEqual([
      expect.stringContaining('m/met no longer differs'),
    ]);
  });

  it('has to stay within its room', () => {
    const outside = outcome('m/outside', 500, refusal, 'D3');
    expect(judge([outside], [difference(['m/outside'])])).toEqual([
      expect.stringContaining('m/outside is not as declared'),
    ]);
  });

  it('has to match a case', () => {
    expect(judge([same], [difference(['m/gone'])])).toEqual(['m/gone (because) matches no case']);
    expect(judge([refused], [difference(['m/refused', 'm/gone'])])).toEqual([
      'm/gone (because) matches no case',
    ]);
  });

  it('can be ours, in a room that its case does not carry', () => {
    const ours = (id: string): Difference => ({ ours: 'D3', reason: 'because', cases: [id] });
    expect(judge([refusedUnasked], [ours('m/unasked')])).toEqual([]);
    expect(judge([wrong], [ours('m/wrong')])).toEqual([
      expect.stringContaining('m/wrong is not as declared'),
    ]);
    expect(judge([same], [ours('m/same')])).toEqual([expect.stringContaining('m/same no longer differs')]);
    expect(judge([refused], [ours('m/refused')])).toContain('m/refused (because) matches no case');
  });

  it('can be ours, with another body', () => {
    const ours = (body: string): Difference => ({
      ours: 'own',
      body: () => body,
      reason: 'because',
      cases: ['m/wrong'],
    });
    expect(judge([wrong], [ours('[2]')])).toEqual([]);
    expect(judge([wrong], [ours('[3]')])).toEqual([expect.stringContaining('m/wrong is not as declared')]);
  });

  it('takes the characters of an id as they are', () => {
    const odd = outcome('m/a (cm)+b', 400, refusal, 'D3');
    expect(judge([odd], [difference(['m/a (cm)+*'])])).toEqual([]);
  });
});
