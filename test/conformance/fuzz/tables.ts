import fc from 'fast-check';

import { parsePythonJson } from '../same-json.ts';
import type { Invocation } from './invocation.ts';
import { isOf, type Shape } from './shape.ts';
import { list, object, oddValuesOf, type Text, valuesOf } from './values.ts';

export interface ColumnShape {
  readonly name: string;
  readonly shape: Shape;
  readonly optional?: boolean;
}

/** Rows of texts below names. */
interface Table {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Text[])[];
  readonly fits: boolean;
}

const writers = {
  split: ({ names, rows }: Table) =>
    `{"dataframe_split": {"columns": ${JSON.stringify(names)}, "data": ${list(rows.map(list))}}}`,
  'split with an index': ({ names, rows }: Table) =>
    `{"dataframe_split": {"index": ${list(rows.map((_, row) => String(row * 2)))}, "columns": ${JSON.stringify(names)}, "data": ${list(rows.map(list))}}}`,
  records: (table: Table) => `{"dataframe_records": ${records(table)}}`,
  inputs: (table: Table) => `{"inputs": ${records(table)}}`,
  'inputs by column': (table: Table) => `{"inputs": ${byColumn(table)}}`,
  instances: (table: Table) => `{"instances": ${records(table)}}`,
  'instances by column': (table: Table) => `{"instances": ${byColumn(table)}}`,
  csv: ({ names, rows }: Table) =>
    [names, ...rows.map((row) => row.map(csvCell))].map((row) => row.join(',')).join('\n'),
} as const;

export type Form = keyof typeof writers;

export const frames: readonly Form[] = ['split', 'split with an index', 'records'];
export const jsonForms: readonly Form[] = [
  ...frames,
  'inputs',
  'inputs by column',
  'instances',
  'instances by column',
];

function records({ names, rows }: Table): Text {
  return list(rows.map((row) => object(row.map((text, at) => [names[at] ?? '', text]))));
}

function byColumn({ names, rows }: Table): Text {
  return object(names.map((name, at) => [name, list(rows.map((row) => row[at] ?? 'null'))]));
}

function csvCell(text: Text): string {
  if (text === 'null') return '';
  const bare = text.startsWith('"') ? (JSON.parse(text) as string) : text;
  return /[",\n]/.test(bare) ? `"${bare.replaceAll('"', '""')}"` : bare;
}

/** Tables of the columns, half of them with one odd thing, in any of the forms. */
export function tables(columns: readonly ColumnShape[], forms: readonly Form[]): fc.Arbitrary<Invocation> {
  const made = rowsOf(columns).chain((table) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(table) },
      { weight: 3, arbitrary: withOddCell(columns, table) },
      { weight: 1, arbitrary: reshaped(columns, table) },
    ),
  );
  return written(columns, made, forms);
}

/** The same, nothing odd in them. */
export function fittingTables(
  columns: readonly ColumnShape[],
  forms: readonly Form[],
): fc.Arbitrary<Invocation> {
  return written(columns, rowsOf(columns), forms);
}

function written(
  columns: readonly ColumnShape[],
  made: fc.Arbitrary<Table>,
  forms: readonly Form[],
): fc.Arbitrary<Invocation> {
  const holdsBytes = columns.some(({ shape }) => shape === 'binary');
  return fc
    .tuple(made, fc.constantFrom(...forms))
    .filter(([table, form]) => !isDeclared(columns, table, form))
    .map(([table, form]) => ({
      contentType: form === 'csv' ? 'text/csv' : 'application/json',
      body: writers[form](table),
      fits: table.fits,
      ...(holdsBytes && !frames.includes(form) && { bytes: true }),
    }));
}

/** What CSV takes for nothing. */
const nothing = /^\s*(?:#?N\/?A|n\/a|null|NULL|None|-?nan|-?NaN|)\s*$/;

/**
 * Where both answer 200, and not the same, as `differences.ts` says: MLflow makes the text `None` of a null among
 * strings outside of frames, and doubles of longs beside one with a point (and 1.0 is the integer 1 to us), and numbers of
 * nulls beside numbers in columns of any type. And CSV, which has no types, reads some words as nothing.
 */
function isDeclared(columns: readonly ColumnShape[], { names, rows }: Table, form: Form): boolean {
  const shapes = names.map((name) => columns.find((column) => column.name === name)?.shape);
  return rows.some((row) => shapes.some((shape, at) => isDeclaredCell(shape, row[at] ?? 'null', form)));
}

function isDeclaredCell(shape: Shape | undefined, text: Text, form: Form): boolean {
  if (form === 'csv' && text !== 'null' && nothing.test(csvCell(text))) return true;
  if ((shape === 'long' || shape === 'datetime') && /^-?\d+\.0$/.test(text)) return true;
  return (
    shape === 'string' && !frames.includes(form) && form !== 'csv' && (text === 'null' || text === 'NaN')
  );
}

function rowsOf(columns: readonly ColumnShape[]): fc.Arbitrary<Table> {
  const free = columns.filter(({ optional }) => optional === true);
  return fc.subarray(free, { minLength: free.length < columns.length ? 0 : 1 }).chain((chosen) => {
    const present = columns.filter((column) => column.optional !== true || chosen.includes(column));
    const row = fc.tuple(...present.map(({ shape }) => valuesOf(shape)));
    return fc
      .array(row, { minLength: 1, maxLength: 3 })
      .map((rows) => ({ names: present.map(({ name }) => name), rows, fits: true }));
  });
}

function withOddCell(columns: readonly ColumnShape[], { names, rows }: Table): fc.Arbitrary<Table> {
  return fc.tuple(fc.nat(rows.length - 1), fc.nat(names.length - 1)).chain(([at, cell]) => {
    const column = columns.find(({ name }) => name === names[cell]);
    if (column === undefined) throw new Error('a name is not one of the columns');
    return oddValuesOf(column.shape).map((text) => ({
      names,
      rows: rows.with(at, (rows[at] ?? []).with(cell, text)),
      fits: canBe(column, text),
    }));
  });
}

/** Types whose columns have NaN for null, and those of which an optional column can hold it in pandas. */
const numbersWithNan: readonly unknown[] = ['float', 'double'];
const nullable: readonly unknown[] = [...numbersWithNan, 'string', 'datetime', 'any'];

function canBe({ shape, optional }: ColumnShape, text: Text): boolean {
  if (text === 'null' && (optional === true ? nullable : numbersWithNan).includes(shape)) return true;
  // It reads as an infinity, which Python has a token for.
  if (text.includes('1e400')) return false;
  const read = parsePythonJson(text);
  return read !== undefined && isOf(shape, read.value);
}

/** Another form of the same: a column gone, doubled or beside, no rows, a row cut short. */
function reshaped(columns: readonly ColumnShape[], table: Table): fc.Arbitrary<Table> {
  const { names, rows } = table;
  return fc.nat(names.length - 1).chain((at) => {
    const isFree = columns.find(({ name }) => name === names[at])?.optional === true;
    const last = columns.find(({ name }) => name === names.at(-1));
    const mayEnd = names.length > 1 && last !== undefined && canBe(last, 'null');
    return fc.constantFrom<Table>(
      {
        names: names.toSpliced(at, 1),
        rows: rows.map((row) => row.toSpliced(at, 1)),
        fits: isFree && names.length > 1,
      },
      { names: [...names, 'other'], rows: rows.map((row) => [...row, '1']), fits: true },
      { names: names.toReversed(), rows: rows.map((row) => row.toReversed()), fits: true },
      { names: names.with(at, 'other'), rows, fits: isFree && names.length > 1 },
      { names, rows: [], fits: false },
      { names, rows: rows.map((row, index) => (index === 0 ? row.slice(0, -1) : row)), fits: mayEnd },
    );
  });
}
