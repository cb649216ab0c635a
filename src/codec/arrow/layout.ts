import type { ArrowBatch } from './read-stream.ts';
import { brokenArrow } from './broken.ts';

/** One byte a cell, 1 where it is null; null where none is. Errors: INVALID_BODY. */
export function nullsOf({ length, nullCount, validity, type }: ArrowBatch): Uint8Array | null {
  if (type.typeId === 1) return new Uint8Array(length).fill(1);
  if (nullCount === 0 || length === 0) return null;
  if (validity.length * 8 < length) throw tooShort();
  const nulls = new Uint8Array(length);
  let some = false;
  for (let index = 0; index < length; index++) {
    if (bit(validity, index)) continue;
    nulls[index] = 1;
    some = true;
  }
  return some ? nulls : null;
}

export function bit(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** The values of a batch of numbers, without the padding of their buffer. Errors: INVALID_BODY. */
export function valuesOf({ length, values }: ArrowBatch): ArrayLike<number | bigint> & ArrayBufferView {
  if (values.length < length) throw tooShort();
  return values.subarray(0, length);
}

/**
 * Where each cell of a batch begins in its values or children, and where the last one ends. They never go back, and
 * end within `limit`. Errors: INVALID_BODY.
 */
export function offsetsOf({ length, offsets }: ArrowBatch, limit: number): Int32Array | Float64Array {
  if (length === 0) return new Int32Array(1);
  if (offsets.length <= length) throw tooShort();
  const starts =
    offsets instanceof Int32Array
      ? offsets.subarray(0, length + 1)
      : Float64Array.from(offsets.subarray(0, length + 1), Number);
  let last = 0;
  for (const start of starts) {
    if (start < last || start > limit)
      throw brokenArrow('the offsets of an Arrow column point outside of it');
    last = start;
  }
  return starts;
}

function tooShort(): Error {
  return brokenArrow('a buffer of its Arrow stream is shorter than its column');
}
