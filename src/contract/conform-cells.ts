import { emptyVector, isNumeric, notATime } from '../payload/dtypes.ts';
import { Timestamp, type Column, type Dtype, type Nested, type Vector } from '../payload/payload.ts';
import { castNumbers, cellReader } from './cast.ts';
import { readScalar } from './conform-scalar.ts';
import { dtypeIncluded } from './inclusion.ts';
import { kindOf, Misfit } from './misfit.ts';

/** A run of cells as a model answered them, some perhaps null. */
export type Cells = Pick<Column, 'vector' | 'nulls'>;

/** What is asked of a run of cells. */
export interface CellsWanted {
  readonly dtype: Dtype;
  /** The type in the words of the signature. */
  readonly words: string;
  /** Whether a cell may be null. A float's missing cell is NaN either way. */
  readonly nullable: boolean;
}

/** Whether a dtype is one of floating point, in which a missing cell is NaN. */
export function isFloat(dtype: Dtype): boolean {
  return dtype === 'float16' || dtype === 'float32' || dtype === 'float64';
}

/** The cells as the dtype asked for, widened without loss; the same vector where it already is. */
export function conformCells(wanted: CellsWanted, cells: Cells): Cells | Misfit {
  const { vector } = cells;
  if (hasNoMissing(cells) && dtypeIncluded(vector.dtype, wanted.dtype)) {
    return { vector: widen(vector, wanted.dtype), nulls: null };
  }
  return convertEach(wanted, cells);
}

function widen(vector: Vector, dtype: Dtype): Vector {
  if (!isNumeric(vector) || dtype === 'str' || dtype === 'bytes' || dtype === 'object') return vector;
  return castNumbers(vector, dtype);
}

function hasNoMissing({ vector, nulls }: Cells): boolean {
  if (nulls?.includes(1) === true) return false;
  switch (vector.dtype) {
    case 'str':
    case 'bytes':
      return !vector.data.some((cell) => cell === null);
    case 'datetime64':
      return !vector.data.includes(notATime);
    default:
      return true;
  }
}

function convertEach(wanted: CellsWanted, cells: Cells): Cells | Misfit {
  const { dtype, nullable } = wanted;
  const read = nullableReader(cells);
  const exact = isNumeric(cells.vector) && !isFloat(cells.vector.dtype);
  const builder = new VectorBuilder(dtype, cells.vector.data.length);
  for (let row = 0; row < cells.vector.data.length; row++) {
    const cell = read(row);
    if (isMissing(cell, dtype)) {
      if (!nullable && !isFloat(dtype)) return new Misfit(wanted.words, 'null').inRow(row);
      builder.setNull(row);
      continue;
    }
    const value = readScalar(dtype, cell, exact);
    if (value === undefined) return new Misfit(wanted.words, gotWords(dtype, cell)).inRow(row);
    builder.set(row, value);
  }
  return builder.cells();
}

/** Reads cells as nested values; null where the mask, or numpy's "not a time", says that there is none. */
export function nullableReader({ vector, nulls }: Cells): (row: number) => Nested {
  const read = cellReader(vector);
  return (row) => {
    if (nulls?.[row] === 1) return null;
    const cell = read(row);
    return cell instanceof Timestamp && cell.nanoseconds === notATime ? null : cell;
  };
}

/** NaN is pandas' mark for a missing cell of any type; only floats hold it as a value. */
function isMissing(cell: Nested, dtype: Dtype): boolean {
  if (cell === null) return true;
  return Number.isNaN(cell) && !isFloat(dtype) && dtype !== 'object';
}

/** An integer where a number is asked for was out of range, or would have been rounded. */
export function gotWords(dtype: Dtype, cell: Nested): string {
  const kind = kindOf(cell);
  const numeric = isFloat(dtype) || dtype.includes('int');
  if (!numeric || (kind !== 'integer' && kind !== 'float')) return kind;
  if (kind === 'float' && !isFloat(dtype)) return 'float with a fraction';
  return `${kind} that it cannot hold`;
}

/** Fills a vector cell by cell from nested values. */
class VectorBuilder {
  readonly #vector: Vector;
  readonly #data: Record<number, unknown>;
  #nulls: Uint8Array | null = null;

  constructor(dtype: Dtype, length: number) {
    this.#vector = emptyVector(dtype, length);
    // readScalar made each cell one of the dtype, which a union of arrays cannot say.
    this.#data = this.#vector.data;
  }

  set(row: number, value: Nested): void {
    if (value instanceof Timestamp && this.#vector.dtype === 'datetime64') {
      this.#data[row] = value.nanoseconds;
    } else
      this.#data[row] = typeof value === 'boolean' && this.#vector.dtype === 'bool' ? Number(value) : value;
  }

  setNull(row: number): void {
    if (isFloat(this.#vector.dtype)) this.#data[row] = Number.NaN;
    else (this.#nulls ??= new Uint8Array(this.#vector.data.length))[row] = 1;
  }

  cells(): Cells {
    return { vector: this.#vector, nulls: this.#nulls };
  }
}
