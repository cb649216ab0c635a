import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unreadable } from '../../test/support/resealed.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { emptyVector, isNumeric, itemSize } from './dtypes.ts';
import type { Column, Dtype, Nested, Payload, Vector } from './payload.ts';
import { canJoin, concat, isJoinable, rowCount, split, takeRows } from './rows.ts';

const dtypes: readonly Dtype[] = [
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'float32',
  'float64',
  'datetime64',
  'str',
  'bytes',
  'object',
];

function vectorOf(dtype: Dtype, length: number): fc.Arbitrary<Vector> {
  const seeds = fc.array(fc.nat(100), { minLength: length, maxLength: length });
  return seeds.map((cells) => {
    const vector = emptyVector(dtype, length);
    const data = vector.data as unknown as unknown[];
    cells.forEach((cell, index) => (data[index] = cellOf(dtype, cell)));
    return vector;
  });
}

function cellOf(dtype: Dtype, seed: number): unknown {
  switch (dtype) {
    case 'bool':
      return seed % 2;
    case 'int64':
    case 'uint64':
    case 'datetime64':
      return BigInt(seed) + 2n ** 60n;
    case 'float16':
    case 'float32':
    case 'float64':
      return seed % 7 === 0 ? Number.NaN : seed / 4;
    case 'str':
      return String(seed);
    case 'bytes':
      return new Uint8Array([seed]);
    case 'object':
      return [seed, { a: null }] satisfies Nested;
    default:
      return seed;
  }
}

const counts = fc.array(fc.nat(4), { minLength: 1, maxLength: 4 });

/** Payloads of one shape with the given numbers of rows. */
const alike: fc.Arbitrary<readonly Payload[]> = counts.chain((rows) =>
  fc.oneof(
    fc
      .array(fc.constantFrom(...dtypes), { maxLength: 3 })
      .chain((columns) => fc.tuple(...rows.map((count) => tableOf(columns, count)))),
    fc
      .array(fc.tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(2), { maxLength: 2 })), {
        minLength: 1,
        maxLength: 2,
      })
      .chain((specs) => fc.tuple(...rows.map((count) => tensorsOf(specs, count)))),
    fc.constant(
      rows.map((count) => ({
        kind: 'value' as const,
        value: Array.from({ length: count }, (_, row) => row),
      })),
    ),
  ),
);

function tableOf(columns: readonly Dtype[], rows: number): fc.Arbitrary<Payload> {
  const cells = columns.map((dtype, index) =>
    fc
      .tuple(vectorOf(dtype, rows), fc.array(fc.nat(1), { minLength: rows, maxLength: rows }))
      .map(([vector, nulls]): Column => ({
        name: `c${String(index)}`,
        vector,
        nulls: nulls.includes(1) ? Uint8Array.from(nulls) : null,
      })),
  );
  return fc.tuple(...cells).map((made) => ({ kind: 'table', rows, columns: made }));
}

function tensorsOf(specs: readonly [Dtype, readonly number[]][], rows: number): fc.Arbitrary<Payload> {
  const made = specs.map(([dtype, inner], index) => {
    const shape = [rows, ...inner];
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    return vectorOf(dtype, length).map((vector) => ({ name: `t${String(index)}`, shape, vector }));
  });
  return fc.tuple(...made).map((tensors) => ({ kind: 'tensors', tensors }));
}

function total(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, payload) => sum + (rowCount(payload) ?? 0), 0);
}

describe('rows of payloads', () => {
  it('split again into what was joined', () => {
    fc.assert(
      fc.property(alike, (payloads) => {
        const joined = concat(payloads);
        expect(rowCount(joined)).toBe(total(payloads));
        expect(
          split(
            joined,
            payloads.map((payload) => rowCount(payload) ?? 0),
          ),
        ).toEqual(payloads);
      }),
    );
  });

  it('are taken one after the other as they are taken at once', () => {
    fc.assert(
      fc.property(alike, fc.array(fc.nat()), fc.array(fc.nat()), (payloads, first, second) => {
        const joined = concat(payloads);
        const rows = rowCount(joined) ?? 0;
        const taken = rows === 0 ? [] : first.map((position) => position % rows);
        const again = taken.length === 0 ? [] : second.map((position) => position % taken.length);
        const composed = again.map((position) => taken[position] ?? 0);
        expect(takeRows(takeRows(joined, taken), again)).toEqual(takeRows(joined, composed));
      }),
    );
  });

  it('taken at the positions of a split are the split', () => {
    fc.assert(
      fc.property(alike, (payloads) => {
        const joined = concat(payloads);
        let start = 0;
        for (const part of payloads) {
          const rows = rowCount(part) ?? 0;
          const positions = Array.from({ length: rows }, (_, row) => start + row);
          expect(takeRows(joined, positions)).toEqual(part);
          start += rows;
        }
      }),
    );
  });

  it('mean nothing in tensors that share no first dimension, and in plain values', () => {
    const vector = emptyVector('float64', 2);
    const two = { name: 'a', shape: [2], vector };
    const one = { name: 'b', shape: [1, 2], vector };
    expect(rowCount({ kind: 'tensors', tensors: [two, one] })).toBeNull();
    expect(rowCount({ kind: 'tensors', tensors: [{ ...two, shape: [] }] })).toBeNull();
    expect(rowCount({ kind: 'value', value: 'x' })).toBeNull();
  });

  it('of different shapes are not joined, nor cut to another number', () => {
    const table = (name: string, dtype: Dtype): Payload => ({
      kind: 'table',
      rows: 1,
      columns: [{ name, vector: emptyVector(dtype, 1), nulls: null }],
    });
    const value: Payload = { kind: 'value', value: [1] };
    expect(() => concat([table('a', 'int32'), table('b', 'int32')])).toThrow(CountersignError);
    expect(() => concat([table('a', 'int32'), table('a', 'int64')])).toThrow(CountersignError);
    expect(() => concat([table('a', 'int32'), value])).toThrow(CountersignError);
    expect(() => split(table('a', 'int32'), [2])).toThrow(CountersignError);
  });
});

describe('what may share a batch', () => {
  const strings = (data: readonly (string | null)[]): Payload => ({
    kind: 'table',
    rows: data.length,
    columns: [
      {
        name: 's',
        vector: { dtype: 'str', data },
        nulls: data.includes(null) ? Uint8Array.from(data, (cell) => Number(cell === null)) : null,
      },
    ],
  });

  it('is not what a model would see differently when joined', () => {
    expect(canJoin(strings(['a']), strings(['b', 'c']))).toBe(true);
    expect(canJoin(strings([null]), strings(['a']))).toBe(false);
    expect(isJoinable(strings([null, 'a']))).toBe(false);
    expect(isJoinable({ kind: 'value', value: [1] })).toBe(false);
    expect(isJoinable({ ...strings(['a']), labels: ['r1'] } as Payload)).toBe(false);
    expect(canJoin({ ...strings(['a']), arrays: true } as Payload, strings(['a']))).toBe(false);
  });

  it('is tensors of one inner shape and dtype', () => {
    const tensor = (shape: readonly number[], dtype: Dtype): Payload => ({
      kind: 'tensors',
      tensors: [{ name: null, shape, vector: emptyVector(dtype, 6) }],
    });
    expect(canJoin(tensor([3, 2], 'int8'), tensor([3, 2], 'int8'))).toBe(true);
    expect(canJoin(tensor([2, 3], 'int8'), tensor([3, 2], 'int8'))).toBe(false);
    expect(canJoin(tensor([3, 2], 'int16'), tensor([3, 2], 'int8'))).toBe(false);
  });

  it('what a thread has sealed is counted and judged without a look at its cells', () => {
    const cells = { dtype: 'object', data: [[1], { a: 'x' }] } as const;
    const columns = [{ name: 'x', vector: cells, nulls: null }];
    const whole = unreadable({ kind: 'table', rows: 2, columns });
    expect(rowCount(whole)).toBe(2);
    expect(isJoinable(whole)).toBe(true);
    expect(canJoin(whole, whole)).toBe(true);
    expect(split(whole, [2])).toEqual([expect.anything()]);
    expect(rowCount(unreadable({ kind: 'value', value: [1, 2, 3] }))).toBe(3);
    expect(rowCount(unreadable({ kind: 'value', value: { a: 1 } }))).toBeNull();
  });
});

describe('dtypes', () => {
  it('have the item size of their arrays, and none where cells vary', () => {
    for (const dtype of dtypes) {
      const vector = emptyVector(dtype, 3);
      expect(vector.data).toHaveLength(3);
      expect(itemSize(dtype)).toBe(isNumeric(vector) ? vector.data.byteLength / 3 : null);
    }
  });
});
