import type { DataType as ArrowType } from '@uwdata/flechette';
import type { DataType } from '../../contract/signature.ts';
import { notATime } from '../../payload/dtypes.ts';
import type { Dtype, Vector } from '../../payload/payload.ts';
import { concatCells } from '../../payload/vectors.ts';
import { jsonValue } from '../values/typed-value.ts';
import { takeCells } from './budget.ts';
import { nullsOf, valuesOf } from './layout.ts';
import { extensionKey, floatsOf, nanosecondsOf, readBooleans, readCells } from './read-cells.ts';
import { type ArrowBatch, type ArrowColumn, readArrow } from './read-stream.ts';
import { readBytes, readTexts } from './read-texts.ts';

export interface ReadColumn {
  readonly vector: Vector;
  /** One byte a row, 1 where there is no value; null where all are there. */
  readonly nulls: Uint8Array | null;
}

/**
 * A column as a vector of the dtype, buffer by buffer, where each value of its Arrow type is one of the dtype, or a
 * number that rounds to one. Null where cells need a look each, as `columnCells` has them. Errors: INVALID_BODY.
 */
export function readAtOnce(dtype: Dtype, { batches }: Pick<ArrowColumn, 'batches'>): ReadColumn | null {
  return readArrow(() => {
    const parts: Vector[] = [];
    for (const batch of batches) {
      const vector = readVector(dtype, batch);
      if (vector === null) return null;
      parts.push(vector);
    }
    const vector = parts.length === 1 ? parts[0] : parts.length === 0 ? undefined : concatCells(parts);
    return vector === undefined ? null : { vector, nulls: columnNulls(batches) };
  });
}

/** As `readAtOnce`, of a batch. */
export function readVector(dtype: Dtype, batch: ArrowBatch): Vector | null {
  takeCells(batch.length);
  switch (dtype) {
    case 'str':
    case 'bytes':
      return readTextual(dtype, batch);
    case 'bool':
      return batch.type.typeId === 6 ? { dtype, data: Uint8Array.from(readBooleans(batch), Number) } : null;
    case 'datetime64':
      return readTimes(batch);
    case 'object':
      return null;
    default:
      return readNumbers(dtype, batch);
  }
}

/** Row by row, one byte each. */
export function columnNulls(batches: readonly ArrowBatch[]): Uint8Array | null {
  const parts = batches.map((batch) => nullsOf(batch) ?? batch.length);
  if (parts.every((part) => typeof part === 'number')) return null;
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? new Array<number>(part).fill(0) : [...part])),
  );
}

/** The cells as values of a JSON body, whatever they are. Errors: INVALID_BODY. */
export function columnCells(
  column: ArrowColumn,
  type: DataType,
  spellsNonFinite: boolean,
): readonly unknown[] {
  return readCells(column).map((cell) => jsonValue(type, cell, spellsNonFinite));
}

export function extensionOf({ metadata }: Pick<ArrowColumn, 'metadata'>): string | undefined {
  return metadata.get(extensionKey);
}

function readTextual(dtype: 'str' | 'bytes', batch: ArrowBatch): Vector | null {
  const { typeId } = batch.type;
  if (dtype === 'str') {
    if (typeId === 5 || typeId === 20) return { dtype, data: readTexts(batch, nullsOf(batch)) };
    if (!isOneOf(batch.type, [5, 20, 24])) return null;
  } else {
    if (typeId === 4 || typeId === 19) return { dtype, data: readBytes(batch) };
    if (!isOneOf(batch.type, [4, 19, 23, 15])) return null;
  }
  return { dtype, data: readCells({ batches: [batch], metadata: new Map() }) as readonly string[] } as Vector;
}

/** The type itself or that of its dictionary. */
function isOneOf(type: ArrowType, typeIds: readonly number[]): boolean {
  return typeIds.includes(type.typeId === -1 ? type.dictionary.typeId : type.typeId);
}

/** Where all are within the range of 64-bit nanoseconds. */
function readTimes(batch: ArrowBatch): Vector | null {
  const { type } = batch;
  if (type.typeId !== 8 && type.typeId !== 10) return null;
  const values = valuesOf(batch);
  const unit = nanosecondsOf(type);
  const nulls = nullsOf(batch);
  const data = new BigInt64Array(batch.length);
  for (let index = 0; index < data.length; index++) {
    if (nulls?.[index] === 1) continue;
    const nanoseconds = BigInt(values[index] ?? 0) * unit;
    if (nanoseconds <= notATime || nanoseconds > largest) return null;
    data[index] = nanoseconds;
  }
  return { dtype: 'datetime64', data };
}

const largest = 2n ** 63n - 1n;

type NumberDtype = Exclude<Dtype, 'str' | 'bytes' | 'bool' | 'datetime64' | 'object'>;

/** What each dtype takes as it is, by what Arrow calls it, with the way to make it one. */
function readNumbers(dtype: NumberDtype, batch: ArrowBatch): Vector | null {
  const { type } = batch;
  if (type.typeId === 3) return dtype.startsWith('float') ? toFloats(dtype, floatsOf(batch)) : null;
  if (type.typeId !== 2) return null;
  const values = valuesOf(batch);
  if (dtype.startsWith('float')) return toFloats(dtype, Float64Array.from(values, Number));
  const from = `${type.signed ? '' : 'u'}int${String(type.bitWidth)}`;
  if (from === dtype) return { dtype, data: values } as unknown as Vector;
  return isWithin(from, dtype) ? toIntegers(dtype, values) : null;
}

/** Whether each integer of one type is one of the other. */
function isWithin(from: string, to: string): boolean {
  const [fromBits, toBits] = [bitsOf(from), bitsOf(to)];
  if (from.startsWith('u') === to.startsWith('u')) return fromBits <= toBits;
  return from.startsWith('u') && fromBits < toBits;
}

function bitsOf(dtype: string): number {
  return Number(/\d+$/.exec(dtype)?.[0]);
}

function toIntegers(dtype: NumberDtype, values: ArrayLike<number | bigint>): Vector | null {
  switch (dtype) {
    case 'int16':
      return { dtype, data: Int16Array.from(values as ArrayLike<number>) };
    case 'int32':
      return { dtype, data: Int32Array.from(values as ArrayLike<number>) };
    case 'int64':
      return { dtype, data: BigInt64Array.from(values, BigInt) };
    case 'uint16':
      return { dtype, data: Uint16Array.from(values as ArrayLike<number>) };
    case 'uint32':
      return { dtype, data: Uint32Array.from(values as ArrayLike<number>) };
    case 'uint64':
      return { dtype, data: BigUint64Array.from(values, BigInt) };
    default:
      return null;
  }
}

type Floats = Float16Array | Float32Array | Float64Array;

/** Rounded to nearest, as numbers of JSON are. */
function toFloats(dtype: NumberDtype, values: Floats): Vector | null {
  switch (dtype) {
    case 'float16':
      return unlessOverflown(values, {
        dtype,
        data: values instanceof Float16Array ? values : Float16Array.from(values),
      });
    case 'float32':
      return unlessOverflown(values, {
        dtype,
        data: values instanceof Float32Array ? values : Float32Array.from(values),
      });
    default:
      return { dtype: 'float64', data: values instanceof Float64Array ? values : Float64Array.from(values) };
  }
}

function unlessOverflown(
  from: Floats,
  vector: Extract<Vector, { data: Float16Array | Float32Array }>,
): Vector | null {
  const { data } = vector;
  if (data.BYTES_PER_ELEMENT >= from.BYTES_PER_ELEMENT) return vector;
  for (let index = 0; index < from.length; index++)
    if (Math.abs(data[index] ?? 0) === Infinity && Math.abs(from[index] ?? 0) !== Infinity) return null;
  return vector;
}
