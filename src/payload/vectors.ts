import { countersignError } from '../errors/countersign-error.ts';
import { emptyVector } from './dtypes.ts';
import type { Vector } from './payload.ts';

/** What typed arrays have in common, once both sides are known to be of one dtype. */
interface Cells {
  readonly length: number;
  set(source: ArrayLike<unknown>, offset: number): void;
  subarray(start: number, end: number): Cells;
  [index: number]: unknown;
}

/** `length` runs of `size` cells each, taken from the given positions in that order. */
export function takeCells(vector: Vector, positions: readonly number[], size = 1): Vector {
  const taken = emptyVector(vector.dtype, positions.length * size);
  const from = cellsOf(vector);
  const to = cellsOf(taken);
  positions.forEach((position, index) => {
    for (let cell = 0; cell < size; cell++) to[index * size + cell] = from[position * size + cell];
  });
  return taken;
}

/** The cells from `start` up to `end`. Typed arrays share their memory with the source. */
export function sliceCells(vector: Vector, start: number, end: number): Vector {
  const data: unknown = Array.isArray(vector.data)
    ? vector.data.slice(start, end)
    : cellsOf(vector).subarray(start, end);
  return { dtype: vector.dtype, data } as Vector;
}

/** One vector after the other. All have one dtype. */
export function concatCells(vectors: readonly Vector[]): Vector {
  const [first] = vectors;
  if (first === undefined || vectors.some((vector) => vector.dtype !== first.dtype)) {
    throw countersignError('INTERNAL').with({ cause: 'vectors of different dtypes cannot be joined' });
  }
  const joined = emptyVector(
    first.dtype,
    vectors.reduce((sum, vector) => sum + vector.data.length, 0),
  );
  let offset = 0;
  for (const vector of vectors) {
    copyCells(vector, joined, offset);
    offset += vector.data.length;
  }
  return joined;
}

function copyCells(from: Vector, to: Vector, offset: number): void {
  const source = from.data as ArrayLike<unknown>;
  const target = cellsOf(to);
  if (!Array.isArray(to.data)) target.set(source, offset);
  else for (let index = 0; index < source.length; index++) target[offset + index] = source[index];
}

// The union of typed arrays has no common call signature; the dtype, checked by the callers, makes it sound.
function cellsOf(vector: Vector): Cells {
  return vector.data as unknown as Cells;
}
