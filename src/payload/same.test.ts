import { describe, expect, it } from 'vitest';

import { type Nested, Timestamp } from './payload.ts';
import { samePayload } from './same.ts';

const same = (a: Nested, b: Nested): boolean =>
  samePayload({ kind: 'value', value: a }, { kind: 'value', value: b });

describe('the same answer', () => {
  it.each<[Nested, Nested]>([
    [0.1 + 0.2, 0.3],
    [1e20, 1e20 * (1 + 1e-7)],
    [Number.NaN, Number.NaN],
    [new Timestamp(5n), new Timestamp(5n)],
    [Uint8Array.of(1), Uint8Array.of(1)],
    [
      { a: [1, null], b: 'x' },
      { b: 'x', a: [1, null] },
    ],
    [10n, 10n],
  ])('holds for pair %#', (a, b) => {
    expect(same(a, b)).toBe(true);
  });

  it.each<[Nested, Nested]>([
    [1, 1.01],
    ['a', 'b'],
    [1n, 2n],
    [9007199254740993n, 9007199254740992n],
    [null, 0],
    [Number.NaN, null],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [new Timestamp(5n), new Timestamp(6n)],
    [Uint8Array.of(1), Uint8Array.of(2)],
  ])('does not hold for pair %#', (a, b) => {
    expect(same(a, b)).toBe(false);
  });

  it('tells a null cell from a zero and one dtype from another', () => {
    const column = (dtype: 'int32' | 'int64', nulls: Uint8Array | null) =>
      ({
        kind: 'table',
        rows: 1,
        columns: [
          {
            name: 'x',
            nulls,
            vector:
              dtype === 'int32' ? { dtype, data: Int32Array.of(0) } : { dtype, data: BigInt64Array.of(0n) },
          },
        ],
      }) as const;
    expect(samePayload(column('int32', null), column('int32', null))).toBe(true);
    expect(samePayload(column('int32', Uint8Array.of(1)), column('int32', null))).toBe(false);
    expect(samePayload(column('int32', null), column('int64', null))).toBe(false);
  });
});
