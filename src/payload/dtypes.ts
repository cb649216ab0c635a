import type { Dtype, Vector } from './payload.ts';

/** How a column of each MLflow scalar type is held. Arrays, objects, maps and any are `object` vectors. */
export const scalarDtype = {
  boolean: 'bool',
  integer: 'int32',
  long: 'int64',
  float: 'float32',
  double: 'float64',
  string: 'str',
  binary: 'bytes',
  datetime: 'datetime64',
} as const satisfies Readonly<Record<string, Dtype>>;

/** The dtype of a column of an MLflow type, given its kind (`long`, `array`...). */
export function columnDtype(kind: string): Dtype {
  return Object.hasOwn(scalarDtype, kind) ? scalarDtype[kind as keyof typeof scalarDtype] : 'object';
}

/** numpy's "not a time": a datetime64 cell of this value is no moment but a missing one. */
export const notATime = -(2n ** 63n);

/** A vector of `length` cells: zeros, empty strings, or null where a cell is an object. */
export function emptyVector(dtype: Dtype, length: number): Vector {
  switch (dtype) {
    case 'str':
      return { dtype, data: new Array<string>(length).fill('') };
    case 'bytes':
    case 'object':
      return { dtype, data: new Array<null>(length).fill(null) };
    default:
      return numericVector(dtype, length);
  }
}

export type NumericDtype = Exclude<Dtype, 'str' | 'bytes' | 'object'>;
export type NumericVector = Extract<Vector, { dtype: NumericDtype }>;

export function numericVector(dtype: NumericDtype, length: number): NumericVector {
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return { dtype, data: new Uint8Array(length) };
    case 'int8':
      return { dtype, data: new Int8Array(length) };
    case 'int16':
      return { dtype, data: new Int16Array(length) };
    case 'int32':
      return { dtype, data: new Int32Array(length) };
    case 'int64':
    case 'datetime64':
      return { dtype, data: new BigInt64Array(length) };
    case 'uint16':
      return { dtype, data: new Uint16Array(length) };
    case 'uint32':
      return { dtype, data: new Uint32Array(length) };
    case 'uint64':
      return { dtype, data: new BigUint64Array(length) };
    case 'float16':
      return { dtype, data: new Float16Array(length) };
    case 'float32':
      return { dtype, data: new Float32Array(length) };
    case 'float64':
      return { dtype, data: new Float64Array(length) };
  }
}

/** Bytes of one cell; null where cells have no fixed size. */
export function itemSize(dtype: Dtype): number | null {
  return dtype === 'str' || dtype === 'bytes' || dtype === 'object'
    ? null
    : numericVector(dtype, 0).data.BYTES_PER_ELEMENT;
}

export function isNumeric(vector: Vector): vector is NumericVector {
  return vector.dtype !== 'str' && vector.dtype !== 'bytes' && vector.dtype !== 'object';
}
