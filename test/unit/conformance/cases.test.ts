import { describe, expect, it } from 'vitest';

import { caseModels, readCases, readIndex } from '../../conformance/case.ts';

const cases = caseModels().flatMap((model) => readCases(model));

describe('the recorded cases', () => {
  it('are as many as the index says', () => {
    const counts = Object.fromEntries(caseModels().map((model) => [model, readCases(model).length]));
    expect(counts).toEqual(readIndex().cases);
  });

  it('have ids of their own, under the name of their model', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ id, model }) => !id.startsWith(`${model}/`))).toEqual([]);
  });

  it('say the other right answer where base64 may be read or not, and only there', () => {
    expect(cases.filter(({ may_differ, also }) => (may_differ === 'D6') !== (also !== undefined))).toEqual(
      [],
    );
  });

  it('keep no path, address or stack trace of the machine that recorded them', () => {
    const bodies = cases.map(({ response }) => response.body).join('\n');
    expect(bodies).not.toMatch(/stack_trace|Traceback|site-packages|0x[0-9a-f]{6,}/);
  });
});
