import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signatureOf } from '../../../test/support/typed-json.ts';
import type { ColumnSchema, Signature } from '../../contract/signature.ts';
import type { Table } from '../../payload/payload.ts';
import { splitFrame } from './frame.ts';
import { readNumberGrid } from './number-grid.ts';
import { readTable } from './read-table.ts';

function schemaOf(kinds: Readonly<Record<string, 'double' | 'float' | 'long'>>): ColumnSchema {
  const columns = Object.entries(kinds).map(([name, kind]) => ({ name, type: { kind }, required: true }));
  return { kind: 'columns', named: true, columns };
}
const signed = (kinds: Parameters<typeof schemaOf>[0]): Signature => signatureOf({ inputs: schemaOf(kinds) });
const read = (text: string, signature: Signature): Table | null =>
  readNumberGrid(Buffer.from(text), signature);
const ab = signed({ a: 'double', b: 'float' });

/** Numbers as JSON may write them. */
const plain = fc
  .tuple(fc.integer(), fc.stringMatching(/^(\.\d{1,8})?$/))
  .map(([whole, decimals]) => `${String(whole)}${decimals}`);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.stringMatching(/^(\.0{0,25}\d{1,3})?$/))
    .map(([digits, decimals]) => `${String(digits)}${decimals}`),
  fc
    .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -320, max: 308 }))
    .map(([digits, exponent]) => `${String(digits)}e${String(exponent)}`),
  fc.constantFrom(
    '-0',
    '0.0',
    '-0.0',
    '1E5',
    '0.1',
    '0.30000000000000004',
    '9007199254740991',
    '9007199254740993',
  ),
  fc.constantFrom(
    '9007199254740992',
    '900719925474099.3',
    '0.0000000000000000000001',
    '5e-324',
    '1e400',
    '3.5e38',
  ),
);
const odd = fc.constantFrom(
  '00',
  '1.',
  '.5',
  '+1',
  '-',
  'NaN',
  'null',
  'true',
  '"1"',
  '[1]',
  '{}',
  '',
  '1 2',
  '0x1',
  '1e',
  '\u00b2',
);
const space = fc.constantFrom('', '', ' ', '\n', '\t\r ');

describe('a body of numbers', () => {
  test('is read as any other way would read it, however it is written, or not at all', () => {
    const bodies = fc
      .tuple(
        fc.shuffledSubarray(['a', 'b', 'c', 'wei"rd\\', 'ö'], { minLength: 1 }),
        fc.array(fc.constantFrom('double' as const, 'float' as const), { minLength: 5, maxLength: 5 }),
        fc.boolean(),
      )
      .chain(([names, kinds, turned]) => {
        const schema = schemaOf(
          Object.fromEntries(names.map((name, index) => [name, kinds[index] ?? 'double'])),
        );
        const order = turned ? names.toReversed() : names;
        const cell = fc.oneof(
          { weight: 100, arbitrary: plain },
          { weight: 5, arbitrary: number },
          { weight: 1, arbitrary: odd },
        );
        const row = fc.array(cell, { minLength: order.length, maxLength: order.length });
        return fc.tuple(fc.constant(schema), fc.constant(order), fc.array(row, { maxLength: 5 }), space);
      });
    let count = 0;
    fc.assert(
      fc.property(bodies, ([schema, names, rows, gap]) => {
        const data = rows.map((row) => `[${gap}${row.join(`${gap},${gap}`)}${gap}]`).join(`${gap},`);
        const heads = names.map((name) => JSON.stringify(name)).join(`,${gap}`);
        const text = `${gap}{${gap}"dataframe_split"${gap}:{"columns":${gap}[${heads}],"data"${gap}:[${data}]}${gap}}${gap}`;
        const table = read(text, signatureOf({ inputs: schema }));
        if (table === null) return;
        count++;
        const value = (JSON.parse(text) as { dataframe_split: unknown }).dataframe_split;
        expect(table).toStrictEqual(readTable(schema, splitFrame(value), 'frame'));
      }),
      { numRuns: 2000 },
    );
    expect(count).toBeGreaterThan(500);
  });

  test('is in the order of the signature, without columns that it does not name', () => {
    const text = '{"dataframe_split": {"columns": ["b", "x", "a"], "data": [[1.5, 9, -2], [0.1, 9, 1000]]}}';
    expect(read(text, ab)).toEqual({
      kind: 'table',
      rows: 2,
      columns: [
        { name: 'a', vector: { dtype: 'float64', data: Float64Array.of(-2, 1000) }, nulls: null },
        { name: 'b', vector: { dtype: 'float32', data: Float32Array.of(1.5, 0.1) }, nulls: null },
      ],
    });
  });

  test.each([
    ['another field', '{"dataframe_records": [{"a": 1, "b": 2}]}'],
    ['params', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}, "params": {}}'],
    ['an index', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [0]}}'],
    ['a column that is missing', '{"dataframe_split": {"columns": ["a"], "data": [[1]]}}'],
    [
      'a column that is there twice',
      '{"dataframe_split": {"columns": ["a", "a", "b"], "data": [[1, 2, 3]]}}',
    ],
    ['names that are none', '{"dataframe_split": {"columns": ["a", 1], "data": [[1, 2]]}}'],
    ['names in levels', '{"dataframe_split": {"columns": [["a", "b"]], "data": [[1, 2]]}}'],
    ['no rows', '{"dataframe_split": {"columns": ["a", "b"], "data": []}}'],
    ['a short row', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [1]]}}'],
    ['a long row', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2, 3]]}}'],
    ['rows in rows', '{"dataframe_split": {"columns": ["a", "b"], "data": [[[1, 2]]]}}'],
    ['a null', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, null]]}}'],
    ['an end too early', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]'],
    ['more after the end', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}} {}'],
    ['an infinite float', '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 1e39]]}}'],
    ['nothing', ''],
    [
      'many lists and nothing in them',
      `{"dataframe_split": {"columns": ["a", "b"], "data": ${'['.repeat(1e6)}`,
    ],
  ])('with %s is left to the way that reads everything', (_, text) => {
    expect(read(text, ab)).toBeNull();
  });

  test.each([
    ['longs, whose digits count', signed({ a: 'double', b: 'long' })],
    [
      'params',
      signatureOf({
        inputs: schemaOf({ a: 'double', b: 'double' }),
        params: [{ name: 'p', type: { kind: 'double' }, array: false, default: 1 }],
      }),
    ],
    ['no inputs', signatureOf({})],
    ['nothing', null],
  ])('for a signature with %s is left to it too', (_, signature) => {
    const text = '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}';
    expect(readNumberGrid(Buffer.from(text), signature)).toBeNull();
  });
});
