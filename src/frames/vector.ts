/** Typed runs of cells as raw blocks (little-endian, C order) and back; text and nested cells travel as JSON. */
import type { Json } from '../payload/nested-json.ts';
import type { Dtype, Vector } from '../payload/payload.ts';
import { badFrame } from './json.ts';

export type FixedVector = Exclude<Vector, { readonly dtype: 'str' | 'bytes' | 'object' }>;
export type FixedDtype = FixedVector['dtype'];

/** Bytes of one cell. */
export const itemBytes: Readonly<Record<FixedDtype, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  datetime64: 8,
};

export const isFixed = (dtype: Dtype): dtype is FixedDtype => dtype in itemBytes;

export function isFixedVector(vector: Vector): vector is FixedVector {
  return isFixed(vector.dtype);
}

export function readDtype(value: Json | undefined): Dtype {
  if (value === 'str' || value === 'bytes' || value === 'object') return value;
  if (typeof value === 'string' && Object.hasOwn(itemBytes, value)) return value as FixedDtype;
  throw badFrame('an unknown dtype');
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A view of `bytes`, which must be aligned as blocks and parts of blocks are. */
export function vectorOf(dtype: FixedDtype, bytes: Uint8Array): FixedVector {
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / itemBytes[dtype];
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return { dtype, data: bytes };
    case 'int8':
      return { dtype, data: new Int8Array(buffer, byteOffset, length) };
    case 'int16':
      return { dtype, data: new Int16Array(buffer, byteOffset, length) };
    case 'int32':
      return { dtype, data: new Int32Array(buffer, byteOffset, length) };
    case 'int64':
    case 'datetime64':
      return { dtype, data: new BigInt64Array(buffer, byteOffset, length) };
    case 'uint16':
      return { dtype, data: new Uint16Array(buffer, byteOffset, length) };
    case 'uint32':
      return { dtype, data: new Uint32Array(buffer, byteOffset, length) };
    case 'uint64':
      return { dtype, data: new BigUint64Array(buffer, byteOffset, length) };
    case 'float16':
      return { dtype, data: new Float16Array(buffer, byteOffset, length) };
    case 'float32':
      return { dtype, data: new Float32Array(buffer, byteOffset, length) };
    case 'float64':
      return { dtype, data: new Float64Array(buffer, byteOffset, length) };
  }
}
