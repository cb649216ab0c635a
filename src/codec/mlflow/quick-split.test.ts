import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnSchema, ColumnSpec } from '../../contract/signature.ts';
import { splitFrame } from './frame.ts';
import { readQuickSplit } from './quick-split.ts';
import { readTable } from './read-table.ts';

const kinds = ['boolean', 'integer', 'long', 'float', 'double', 'string', 'binary', 'datetime'] as const;

/** What any other way of reading makes of it; null where it refuses. */
function slowly(schema: ColumnSchema, value: unknown): unknown {
  try {
    return readTable(schema, splitFrame(value), 'frame');
  } catch {
    return null;
  }
}

const cells = fc.oneof(
  { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 4, arbitrary: fc.integer({ min: -(2 ** 33), max: 2 ** 33 }) },
  { weight: 3, arbitrary: fc.string() },
  fc.maxSafeInteger(),
  fc.constantFrom(
    null,
    true,
    false,
    -0,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    1e39,
    3.4e38,
    '5',
    '',
    '\ud800',
    [1],
    {},
  ),
);

const bodies = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(...kinds), fc.boolean()), {
    minLength: 1,
    selector: ([name]) => name,
  })
  .chain((columns) => {
    const named = columns.map(([name]) => name);
    const schema: ColumnSchema = {
      kind: 'columns',
      named: true,
      columns: columns.map(([name, kind, required]): ColumnSpec => ({ name, type: { kind }, required })),
    };
    const names = fc.oneof(
      { weight: 3, arbitrary: fc.constant(named) },
      fc.shuffledSubarray([...named, 'x', 'y'], { minLength: 1 }),
      fc.array(fc.constantFrom(...named, 'x'), { minLength: 1, maxLength: 5 }),
    );
    return fc.tuple(fc.constant(schema), names).chain(([, order]) => {
      const typed = order.map((name) => fitting(columns.find(([other]) => other === name)?.[1]));
      const row = fc.oneof(
        { weight: 8, arbitrary: fc.tuple(...typed) },
        fc.tuple(...order.map(() => cells)),
        fc.array(cells, { maxLength: order.length + 1 }),
      );
      const data = fc.array(row, { maxLength: 4 });
      const extra = fc.constantFrom({}, {}, {}, { index: [7] });
      return fc
        .tuple(data, extra)
        .map(([rows, more]) => ({ schema, value: { columns: order, data: rows, ...more } }));
    });
  });

function fitting(kind: (typeof kinds)[number] | undefined): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'float':
      return fc.float({ noNaN: true, noDefaultInfinity: true });
    case 'integer':
      return fc.integer();
    case 'long':
      return fc.maxSafeInteger();
    case 'string':
      return fc.string();
    default:
      return cells;
  }
}

describe('the quick reading of a dataframe_split', () => {
  test('answers what the careful one does, or leaves it to that', () => {
    let quick = 0;
    fc.assert(
      fc.property(bodies, ({ schema, value }) => {
        const read = readQuickSplit(schema, value);
        if (read === null) return;
        quick++;
        expect(read).toEqual(slowly(schema, value));
      }),
      { numRuns: 3_000 },
    );
    // Else nothing was compared.
    expect(quick).toBeGreaterThan(100);
  });

  test.each([
    ['no rows', { columns: ['a'], data: [] }],
    ['a short row', { columns: ['a', 'b'], data: [[1]] }],
    ['a null', { columns: ['a'], data: [[null]] }],
    ['a column twice', { columns: ['a', 'a'], data: [[1, 2]] }],
    ['labels of rows', { columns: ['a'], data: [[1]], index: [7] }],
    ['no columns', { data: [[1]] }],
    ['a number as text', { columns: ['a'], data: [['1']] }],
  ])('leaves %s to the careful one', (_what, value) => {
    const schema: ColumnSchema = {
      kind: 'columns',
      named: true,
      columns: [{ name: 'a', type: { kind: 'double' }, required: true }],
    };
    expect(readQuickSplit(schema, value)).toBeNull();
  });

  test('takes columns in any order, and leaves out those that the signature does not name', () => {
    const schema: ColumnSchema = {
      kind: 'columns',
      named: true,
      columns: [
        { name: 'a', type: { kind: 'double' }, required: true },
        { name: 'b', type: { kind: 'long' }, required: true },
      ],
    };
    const read = readQuickSplit(schema, { columns: ['b', 'x', 'a'], data: [[1, 'y', 2.5]] });
    expect(read?.columns).toEqual([
      { name: 'a', vector: { dtype: 'float64', data: Float64Array.of(2.5) }, nulls: null },
      { name: 'b', vector: { dtype: 'int64', data: BigInt64Array.of(1n) }, nulls: null },
    ]);
  });
});
