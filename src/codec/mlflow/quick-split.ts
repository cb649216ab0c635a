import type { ColumnSchema, Schema } from '../../contract/signature.ts';
import type { Column, Table, Vector } from '../../payload/payload.ts';
import { isObject } from '../values/read-nested.ts';

type Grid = readonly (readonly unknown[])[];

/**
 * A `dataframe_split` as nearly all of them are: rows of one length, each column of the signature there once, its cells
 * plainly of its type. They go into the columns as they stand. Null where anything is otherwise, for the way that looks
 * at each cell and says what is wrong; what this answers is what that way would.
 */
export function readQuickSplit(schema: Schema | null, value: unknown): Table | null {
  if (schema?.kind !== 'columns' || !schema.named || !isObject(value)) return null;
  const { columns: names, data } = value;
  if (!Array.isArray(names) || !isGrid(data, names.length) || Object.keys(value).length !== 2) return null;
  const inOrder = areInOrder(schema, names);
  const columns: Column[] = [];
  for (const [index, { name, type }] of schema.columns.entries()) {
    const place = inOrder ? index : onlyPlace(names, name);
    const vector = place === -1 ? null : readCells(type.kind, data, place);
    if (vector === null) return null;
    columns.push({ name, vector, nulls: null });
  }
  return { kind: 'table', rows: data.length, columns };
}

function isGrid(data: unknown, width: number): data is Grid {
  if (!Array.isArray(data) || data.length === 0) return false;
  for (const row of data) if (!Array.isArray(row) || row.length !== width) return false;
  return true;
}

/** Those of the signature, in its order, and no others: so none is there twice. */
function areInOrder({ columns }: ColumnSchema, names: readonly unknown[]): boolean {
  if (names.length !== columns.length) return false;
  for (let index = 0; index < names.length; index++) if (names[index] !== columns[index]?.name) return false;
  return true;
}

/** -1 where it is not there, or several times. */
function onlyPlace(names: readonly unknown[], name: string | null): number {
  const place = names.indexOf(name);
  return place === names.lastIndexOf(name) ? place : -1;
}

function readCells(kind: string, grid: Grid, place: number): Vector | null {
  switch (kind) {
    case 'double':
      return readDoubles(grid, place);
    case 'float':
      return readFloats(grid, place);
    case 'integer':
      return readIntegers(grid, place);
    case 'long':
      return readLongs(grid, place);
    case 'string':
      return readStrings(grid, place);
    default:
      return null;
  }
}

function readDoubles(grid: Grid, place: number): Vector | null {
  const data = new Float64Array(grid.length);
  for (let row = 0; row < grid.length; row++) {
    const cell = grid[row]?.[place];
    if (typeof cell !== 'number' || !Number.isFinite(cell)) return null;
    data[row] = cell;
  }
  return { dtype: 'float64', data };
}

function readFloats(grid: Grid, place: number): Vector | null {
  const data = new Float32Array(grid.length);
  for (let row = 0; row < grid.length; row++) {
    const cell = grid[row]?.[place];
    if (typeof cell !== 'number') return null;
    data[row] = cell;
    // Too large for a float: the other way knows what that is.
    if (!Number.isFinite(data[row])) return null;
  }
  return { dtype: 'float32', data };
}

function readIntegers(grid: Grid, place: number): Vector | null {
  const data = new Int32Array(grid.length);
  for (let row = 0; row < grid.length; row++) {
    const cell = grid[row]?.[place];
    data[row] = cell as number;
    if (data[row] !== cell) return null;
  }
  return { dtype: 'int32', data };
}

function readLongs(grid: Grid, place: number): Vector | null {
  const data = new BigInt64Array(grid.length);
  for (let row = 0; row < grid.length; row++) {
    const cell = grid[row]?.[place];
    if (typeof cell !== 'number' || !Number.isSafeInteger(cell)) return null;
    data[row] = BigInt(cell);
  }
  return { dtype: 'int64', data };
}

function readStrings(grid: Grid, place: number): Vector | null {
  const data: string[] = [];
  for (const row of grid) {
    const cell = row[place];
    if (typeof cell !== 'string' || !cell.isWellFormed()) return null;
    data.push(cell);
  }
  return { dtype: 'str', data };
}
