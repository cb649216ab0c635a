import {
  columnDtype,
  isNumeric,
  numericVector,
  type NumericDtype,
  type NumericVector,
} from '../payload/dtypes.ts';
import { Timestamp, type Column, type Dtype, type Nested, type Vector } from '../payload/payload.ts';
import { plainInteger } from './nested.ts';

/** The cells as another numeric dtype; `to` must hold every one of them exactly, or (float32) round it. */
export function castNumbers(from: NumericVector, to: NumericDtype): NumericVector {
  if (from.dtype === to) return from;
  const cast = numericVector(to, from.data.length);
  if (cast.data instanceof BigInt64Array || cast.data instanceof BigUint64Array) {
    for (let index = 0; index < cast.data.length; index++) cast.data[index] = BigInt(from.data[index] ?? 0);
  } else {
    for (let index = 0; index < cast.data.length; index++) cast.data[index] = Number(from.data[index]);
  }
  return cast;
}

/** The vector as another dtype, where the dtype is a wider one; otherwise as it is. */
export function widenVector(vector: Vector, dtype: Dtype): Vector {
  return isNumeric(vector) && isNumericDtype(dtype) ? castNumbers(vector, dtype) : vector;
}

function isNumericDtype(dtype: Dtype): dtype is NumericDtype {
  return dtype !== 'str' && dtype !== 'bytes' && dtype !== 'object';
}

/** The cells as nested values of `any`: integers plain, booleans true and false; null where `nulls` says so. */
export function toNested(vector: Vector, nulls: Uint8Array | null): readonly Nested[] {
  const cell = cellReader(vector);
  return Array.from({ length: vector.data.length }, (_, index) =>
    nulls?.[index] === 1 ? null : cell(index),
  );
}

/** Reads single cells of a vector as nested values. */
export function cellReader(vector: Vector): (index: number) => Nested {
  const { dtype, data } = vector;
  switch (dtype) {
    case 'bool':
      return (index) => data[index] !== 0;
    case 'datetime64':
      return (index) => new Timestamp(data[index] ?? 0n);
    case 'int64':
    case 'uint64':
      return (index) => plainInteger(data[index] ?? 0n);
    default:
      return (index) => data[index] ?? null;
  }
}

const isFloat = (dtype: Dtype): boolean => dtype === 'float32' || dtype === 'float64';

/**
 * A column without nulls as one of a wider scalar type. A float or double has no nulls: a missing number of
 * theirs is NaN.
 */
export function widenColumn(column: Column, kind: string): Column {
  const dtype = columnDtype(kind);
  const vector = widenVector(column.vector, dtype);
  if (!isFloat(dtype) || column.nulls === null) return { ...column, vector };
  return { ...column, vector: missingAsNaN(vector, column.nulls), nulls: null };
}

function missingAsNaN(vector: Vector, nulls: Uint8Array): Vector {
  if (vector.dtype !== 'float32' && vector.dtype !== 'float64') return vector;
  const filled = { dtype: vector.dtype, data: vector.data.slice() } as typeof vector;
  nulls.forEach((isNull, index) => {
    if (isNull === 1) filled.data[index] = Number.NaN;
  });
  return filled;
}
