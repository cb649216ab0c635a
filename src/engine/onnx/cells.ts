import type { Dtype, Vector } from '../../payload/payload.ts';
import type { Cells, TensorType } from './messages.ts';
import { misfit } from './misfit.ts';

/** Cells on their way into a graph. */
export interface Source {
  /** For messages: "column 'age'". */
  readonly label: string;
  readonly vector: Vector;
  readonly nulls: Uint8Array | null;
}

export interface Placement {
  readonly offset: number;
  readonly stride: number;
  /** Integers may be rounded on their way to floats, as numpy does where a table has both. */
  readonly rounding: boolean;
}

const floats: readonly (Dtype | TensorType)[] = ['float16', 'float32', 'float64'];
const integers: readonly (Dtype | TensorType)[] = [
  ...(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
];

export function isFloat(dtype: Dtype | TensorType): boolean {
  return floats.includes(dtype);
}

type NumberCells = Exclude<Cells, readonly string[]>;

/** Room for so many cells of a tensor. */
export function allocate(type: TensorType, length: number): NumberCells | string[] {
  switch (type) {
    case 'string':
      return new Array<string>(length).fill('');
    case 'bool':
    case 'uint8':
      return new Uint8Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'uint16':
    case 'float16':
      return new Uint16Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'uint64':
      return new BigUint64Array(length);
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
  }
}

/**
 * Writes a vector into the cells of a tensor. float64 is rounded to float32 as MLflow does; every other change of
 * type must be without loss, value by value. Strings and booleans stay what they are.
 */
export function fill(target: Cells, type: TensorType, source: Source, placement: Placement): void {
  const { vector } = source;
  if (type === 'string') fillTexts(target as string[], source, placement);
  else if (vector.dtype === type) copy(target as NumberCells, source, placement);
  else if (integers.includes(vector.dtype) && integers.includes(type))
    convert(target, source, placement, true);
  else if (integers.includes(vector.dtype) && isWideFloat(type)) {
    convert(target, source, placement, !placement.rounding);
  } else if (isFloat(vector.dtype) && isWideFloat(type)) copy(target as NumberCells, source, placement);
  else misfit(`${source.label} is ${vector.dtype}, the graph wants ${type}`);
  if (source.nulls !== null) placeNulls(target, type, source, source.nulls, placement);
}

function isWideFloat(type: TensorType): boolean {
  return type === 'float32' || type === 'float64';
}

/** Cells that both sides hold as the same JavaScript type; storing one rounds it to the target's precision. */
function copy(target: NumberCells, { vector }: Source, { offset, stride }: Placement): void {
  const from =
    vector.dtype === 'float16' && target instanceof Uint16Array
      ? new Uint16Array(vector.data.buffer, vector.data.byteOffset, vector.data.length)
      : (vector.data as Float64Array);
  const to = target as Float64Array;
  if (stride === 1) {
    to.set(from, offset);
    return;
  }
  for (let index = 0; index < from.length; index++) to[offset + index * stride] = from[index] ?? 0;
}

function convert(target: Cells, source: Source, { offset, stride }: Placement, exact: boolean): void {
  const from = source.vector.data as ArrayLike<number | bigint>;
  const to = target as unknown as (number | bigint)[];
  const big = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let index = 0; index < from.length; index++) {
    const value = from[index] ?? 0;
    const at = offset + index * stride;
    to[at] = big ? BigInt(value) : Number(value);
    if (exact && !sameNumber(to[at], value))
      misfit(`${source.label} has ${String(value)}, which would change`);
  }
}

// A number and a bigint are compared by their mathematical value.
function sameNumber(a: number | bigint | undefined, b: number | bigint): boolean {
  // eslint-disable-next-line eqeqeq
  return a == b;
}

function fillTexts(target: string[], { label, vector, nulls }: Source, { offset, stride }: Placement): void {
  if (vector.dtype !== 'str' && vector.dtype !== 'object') {
    misfit(`${label} is ${vector.dtype}, the graph wants string`);
  }
  vector.data.forEach((cell, index) => {
    if (typeof cell !== 'string' || nulls?.[index] === 1) misfit(`${label} has a cell that is no string`);
    target[offset + index * stride] = cell;
  });
}

function placeNulls(
  target: Cells,
  type: TensorType,
  source: Source,
  nulls: Uint8Array,
  placement: Placement,
): void {
  const missing = isWideFloat(type) && isFloat(source.vector.dtype) ? NaN : null;
  nulls.forEach((flag, index) => {
    if (flag === 0) return;
    if (missing === null) misfit(`${source.label} has a null`);
    (target as Float64Array)[placement.offset + index * placement.stride] = missing;
  });
}
