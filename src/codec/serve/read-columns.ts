import { hasBareRow } from '../../contract/scalar.ts';
import type { ColumnSchema, ColumnSpec } from '../../contract/signature.ts';
import type { Column, Table, Vector } from '../../payload/payload.ts';
import { takeCells } from '../../payload/vectors.ts';
import type { RequestPart } from '../codec.ts';
import { Faults, step } from '../values/faults.ts';
import { nullColumn, readCell, readColumn } from '../values/read-column.ts';
import { isFloat, isObject, type ReadPolicy } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';
import { type BodyRows, listedRows, type ReadInputs, singleRow } from './body-rows.ts';
import { areRecords, memberGetter, recordFaults } from './fields.ts';
import { groupRows, pick } from './groups.ts';

/** Reads the rows of a column schema. DESIGN section 5, "A row of /serve". */
export function readColumns(
  schema: ColumnSchema,
  body: unknown,
  at: string,
  policy: ReadPolicy,
): ReadInputs | Faults {
  const rows = columnRows(schema, body, at);
  if (rows instanceof Faults) return rows;
  const parts = readParts(schema, rows.rows, policy);
  return parts === null ? explain(schema, rows, policy) : { parts, rows: rows.rows.length };
}

function columnRows(schema: ColumnSchema, body: unknown, at: string): BodyRows | Faults {
  if (Array.isArray(body)) return listedRows(body, at);
  return schema.named || hasBareRow(schema)
    ? singleRow(body, at)
    : Faults.of(expected('a list of rows', body), at);
}

// What follows reads column by column and gives up at the first thing wrong: `explain` then goes through it
// row by row to say all of it.

function readParts(
  schema: ColumnSchema,
  rows: readonly unknown[],
  policy: ReadPolicy,
): readonly RequestPart[] | null {
  const columns = gatherAll(schema, rows, policy);
  return columns === null ? null : readGathered(columns, rows.length, policy);
}

/** The cells of one column, before they are read as its type. */
export interface Gathered {
  readonly spec: ColumnSpec;
  readonly cells: readonly unknown[];
  /** What each cell is, where not all of them are values. */
  readonly gaps: Uint8Array | null;
  /** The cells read already, where they came as what they are; then `cells` is empty. */
  readonly vector?: Vector;
}

/** One part for the rows that lack the same columns. Null as soon as a cell does not fit. */
export function readGathered(
  columns: readonly Gathered[],
  rows: number,
  policy: ReadPolicy,
): readonly RequestPart[] | null {
  if (columns.some((column) => column.gaps?.includes(mustNotBe))) return null;
  const gapped = columns.filter((column) => column.gaps !== null);
  const groups = groupRows(rows, (row) => gapped.map(({ gaps }) => gaps?.[row]).join(''));
  const parts: RequestPart[] = [];
  for (const positions of groups) {
    const input = readTable(columns, positions, rows, policy);
    if (input === null) return null;
    parts.push({ input, positions });
  }
  return parts;
}

const isValue = 0;
const isNull = 1;
export const isAbsent = 2;
export const mustNotBe = 3;

function gatherAll(
  schema: ColumnSchema,
  rows: readonly unknown[],
  policy: ReadPolicy,
): readonly Gathered[] | null {
  const cellsOf = cellReader(schema, rows, policy);
  if (cellsOf === null) return null;
  return schema.columns.map((spec, index) => gather(spec, cellsOf(spec, index)));
}

type CellsOf = (spec: ColumnSpec, index: number) => readonly unknown[];

function cellReader(schema: ColumnSchema, rows: readonly unknown[], policy: ReadPolicy): CellsOf | null {
  const { columns } = schema;
  if (schema.named) {
    const names = new Set(columns.map((spec) => spec.name ?? ''));
    return areRecords(rows, names, policy.unknownFields)
      ? (spec) => rows.map(memberGetter(spec.name ?? ''))
      : null;
  }
  if (columns.length === 1) return () => rows;
  return rows.every((row): row is readonly unknown[] => Array.isArray(row) && row.length === columns.length)
    ? (_, index) => rows.map((row) => row[index])
    : null;
}

export function gather(spec: ColumnSpec, cells: readonly unknown[]): Gathered {
  let gaps: Uint8Array | null = null;
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (cell !== undefined && cell !== null) continue;
    const gap = gapOf(spec, cell);
    if (gap !== isValue) (gaps ??= new Uint8Array(cells.length))[row] = gap;
  }
  return { spec, cells, gaps };
}

/**
 * What null and absence mean. A null of an optional integer or long is the same as its absence, since no pandas
 * column that MLflow takes for these types can hold it. A null of any other optional column reaches the model.
 */
export function gapOf({ type, required }: ColumnSpec, cell: null | undefined): number {
  if (cell === undefined) return required ? mustNotBe : isAbsent;
  if (isFloat(type)) return isValue;
  if (type.kind === 'any') return isNull;
  if (required) return mustNotBe;
  return type.kind === 'integer' || type.kind === 'long' ? isAbsent : isNull;
}

function readTable(
  columns: readonly Gathered[],
  positions: readonly number[] | null,
  allRows: number,
  policy: ReadPolicy,
): Table | null {
  const rows = positions?.length ?? allRows;
  const read: Column[] = [];
  for (const { spec, cells, gaps, vector: known } of columns) {
    const gap = gaps?.[positions?.[0] ?? 0] ?? isValue;
    if (gap === isAbsent) continue;
    if (gap === isNull) {
      read.push({ name: spec.name, ...nullColumn(spec.type, rows) });
      continue;
    }
    const vector =
      known === undefined
        ? readColumn(spec.type, pick(cells, positions), policy)
        : positions === null
          ? known
          : takeCells(known, positions);
    if (vector === null) return null;
    read.push({ name: spec.name, vector, nulls: null });
  }
  return { kind: 'table', rows, columns: read };
}

function explain(schema: ColumnSchema, { rows, pointer }: BodyRows, policy: ReadPolicy): Faults {
  const faults = new Faults();
  rows.forEach((row, index) => {
    const found = schema.named ? namedFaults(schema, row, policy) : unnamedFaults(schema, row, policy);
    faults.addAll(pointer(index), found);
  });
  return faults;
}

function namedFaults(schema: ColumnSchema, row: unknown, policy: ReadPolicy): Faults {
  const names = schema.columns.map((spec) => spec.name ?? '');
  const faults = new Faults();
  const shape = recordFaults(row, names, policy.unknownFields);
  if (shape !== null) faults.addAll('', shape);
  if (!isObject(row)) return faults;
  for (const spec of schema.columns) {
    const name = spec.name ?? '';
    const cell = memberGetter(name)(row);
    faults.addAll(step(name), cellFaults(spec, cell, policy));
  }
  return faults;
}

function unnamedFaults({ columns }: ColumnSchema, row: unknown, policy: ReadPolicy): Faults {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return cellFaults(only, row, policy);
  if (!Array.isArray(row) || row.length !== columns.length) {
    return Faults.of(expected(`a list of ${String(columns.length)} values`, row));
  }
  const faults = new Faults();
  columns.forEach((spec, index) => {
    faults.addAll(step(index), cellFaults(spec, row[index], policy));
  });
  return faults;
}

const none = new Faults();

export function cellFaults(spec: ColumnSpec, cell: unknown, policy: ReadPolicy): Faults {
  if (cell === undefined || cell === null) {
    if (gapOf(spec, cell) !== mustNotBe) return none;
    if (cell === undefined) return Faults.of(`required column is missing (${spec.type.kind})`);
  }
  const read = readCell(spec.type, cell, policy);
  return read instanceof Faults ? read : none;
}
