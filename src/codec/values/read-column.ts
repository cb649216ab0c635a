import type { DataType } from '../../contract/signature.ts';
import { columnDtype, emptyVector, numericVector } from '../../payload/dtypes.ts';
import type { Nested, Timestamp, Vector } from '../../payload/payload.ts';
import { Faults } from './faults.ts';
import { isFloat, readNested, type ReadPolicy } from './read-nested.ts';

/**
 * Reads one cell of a column. A float or double column takes null as NaN, required or not, since pandas keeps
 * its missing numbers so; elements and properties do not.
 */
export function readCell(type: DataType, value: unknown, policy: ReadPolicy): Nested | Faults {
  return value === null && isFloat(type) ? Number.NaN : readNested(type, value, policy);
}

/** The cells of a column as a vector; null as soon as one does not fit (then `readCell` says why). */
export function readColumn(type: DataType, cells: readonly unknown[], policy: ReadPolicy): Vector | null {
  switch (type.kind) {
    case 'double':
      return readDoubles(cells, policy);
    case 'string':
      return readStrings(cells);
    default:
      return readOthers(type, cells, policy);
  }
}

// The two types that most requests are made of, without a call per cell.

function readDoubles(cells: readonly unknown[], policy: ReadPolicy): Vector | null {
  const data = new Float64Array(cells.length);
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index];
    if (typeof cell === 'number' && Number.isFinite(cell)) {
      data[index] = cell;
      continue;
    }
    const read = readCell({ kind: 'double' }, cell, policy);
    if (typeof read !== 'number') return null;
    data[index] = read;
  }
  return { dtype: 'float64', data };
}

function readStrings(cells: readonly unknown[]): Vector | null {
  return cells.every((cell): cell is string => typeof cell === 'string' && cell.isWellFormed())
    ? { dtype: 'str', data: cells }
    : null;
}

function readOthers(type: DataType, cells: readonly unknown[], policy: ReadPolicy): Vector | null {
  const dtype = columnDtype(type.kind);
  const vector = emptyVector(dtype, cells.length);
  // What `readCell` answers for a type is what the cells of its vector are.
  const data = vector.data as unknown as unknown[];
  for (let index = 0; index < cells.length; index++) {
    const cell = readCell(type, cells[index], policy);
    if (cell instanceof Faults) return null;
    data[index] = type.kind === 'datetime' ? (cell as Timestamp).nanoseconds : cell;
  }
  return vector;
}

/** A vector of null cells. */
export function nullColumn(type: DataType, length: number): { vector: Vector; nulls: Uint8Array } {
  const dtype = columnDtype(type.kind);
  const nulls = new Uint8Array(length).fill(1);
  return dtype === 'str' || dtype === 'bytes' || dtype === 'object'
    ? { vector: { dtype, data: new Array<null>(length).fill(null) }, nulls }
    : { vector: numericVector(dtype, length), nulls };
}
