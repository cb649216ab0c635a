import { isAscii, isUtf8 } from 'node:buffer';
import { brokenArrow } from './broken.ts';
import { takeBytes } from './budget.ts';
import { offsetsOf } from './layout.ts';
import type { ArrowBatch } from './read-stream.ts';

// Texts and bytes, in each of the ways that Arrow has for them. Null cells come as whatever their buffers hold.

/** Errors: INVALID_BODY, also where a text is not UTF-8. */
export function readTexts(batch: ArrowBatch, nulls: Uint8Array | null): readonly string[] {
  const { length } = batch;
  const bytes = bytesOf(batch);
  const starts = offsetsOf(batch, bytes.length);
  const first = starts[0] ?? 0;
  const all = bytes.subarray(first, starts[length] ?? 0);
  const texts = new Array<string>(length);
  if (isAscii(all)) {
    // One string, of which the cells are slices.
    const text = all.toString('latin1');
    for (let index = 0; index < length; index++)
      texts[index] = text.slice((starts[index] ?? 0) - first, (starts[index + 1] ?? 0) - first);
    return texts;
  }
  for (let index = 0; index < length; index++)
    texts[index] = nulls?.[index] === 1 ? '' : utf8(bytes.subarray(starts[index], starts[index + 1]));
  return texts;
}

function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw brokenArrow('a text of its Arrow stream is not UTF-8');
  return bytes.toString('utf8');
}

/** Each cell has its own bytes: they may live longer than the body. */
export function readBytes(batch: ArrowBatch): readonly Uint8Array[] {
  const bytes = bytesOf(batch);
  const starts = offsetsOf(batch, bytes.length);
  return Array.from({ length: batch.length }, (_, index) =>
    Uint8Array.from(bytes.subarray(starts[index], starts[index + 1])),
  );
}

export function readFixedBytes(batch: ArrowBatch, stride: number): readonly Uint8Array[] {
  const bytes = bytesOf(batch);
  if (!(stride >= 0) || bytes.length < batch.length * stride) throw outside();
  return Array.from({ length: batch.length }, (_, index) =>
    Uint8Array.from(bytes.subarray(index * stride, (index + 1) * stride)),
  );
}

export function readTextViews(batch: ArrowBatch, nulls: Uint8Array | null): readonly string[] {
  return eachView(batch, nulls, utf8);
}

export function readByteViews(batch: ArrowBatch, nulls: Uint8Array | null): readonly Uint8Array[] {
  return eachView(batch, nulls, (bytes) => Uint8Array.from(bytes));
}

/** Of 16 bytes each: a length, then the bytes themselves, or their first four, a buffer and a place in it. */
const viewBytes = 16;
const mostInline = 12;

function eachView<Cell>(
  batch: ArrowBatch,
  nulls: Uint8Array | null,
  read: (bytes: Buffer) => Cell,
): readonly Cell[] {
  const views = bytesOf(batch);
  const buffers = (batch as ArrowBatch & { readonly data: readonly Uint8Array[] }).data.map(asBuffer);
  if (views.length < batch.length * viewBytes) throw outside();
  return Array.from({ length: batch.length }, (_, index) => {
    const at = index * viewBytes;
    if (nulls?.[index] === 1) return read(views.subarray(0, 0));
    const length = views.readInt32LE(at);
    if (length < 0) throw outside();
    if (length <= mostInline) return read(views.subarray(at + 4, at + 4 + length));
    takeBytes(length);
    const buffer = buffers[views.readInt32LE(at + 8)];
    const start = views.readInt32LE(at + 12);
    if (buffer === undefined || start < 0 || start + length > buffer.length) throw outside();
    return read(buffer.subarray(start, start + length));
  });
}

function bytesOf({ values }: ArrowBatch): Buffer {
  return asBuffer(values);
}

function asBuffer({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function outside(): Error {
  return brokenArrow('a cell of its Arrow stream points outside of its buffer');
}
