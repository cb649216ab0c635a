/**
 * One frame on the wire between the gateway and a Python host:
 *
 *     uint32 LE   bytes of the body
 *     uint32 LE   bytes of the header, a multiple of 8
 *     header      JSON in UTF-8, padded with spaces; its field `b` has the length of each block
 *     blocks      raw bytes, each padded to a multiple of 8, so that numbers can be viewed in place
 */
import { countersignError } from '../errors/countersign-error.ts';
import type { Json } from '../payload/nested-json.ts';
import { jsonObject, readInteger, readList } from './json.ts';

const prefixBytes = 8;
const alignment = 8;
/** A body has a 32-bit length. */
export const maxBodyBytes = 2 ** 32 - 1;

export interface Frame {
  readonly header: Readonly<Record<string, Json>>;
  readonly blocks: readonly Uint8Array[];
}

const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const zeros = new Uint8Array(alignment);

/** The pieces of a frame in order, to be written as they are; blocks are not copied. Errors: BODY_TOO_LARGE. */
export function packFrame(header: object, blocks: readonly Uint8Array[]): Uint8Array[] {
  const lengths = blocks.length === 0 ? {} : { b: blocks.map((block) => block.byteLength) };
  const text = JSON.stringify({ ...header, ...lengths });
  const textBytes = Buffer.byteLength(text);
  const headerBytes = padded(textBytes);
  const bodyBytes = headerBytes + blocks.reduce((sum, block) => sum + padded(block.byteLength), 0);
  if (bodyBytes > maxBodyBytes) throw countersignError('BODY_TOO_LARGE', maxBodyBytes);
  const start = Buffer.alloc(prefixBytes + headerBytes, ' ');
  start.writeUInt32LE(bodyBytes, 0);
  start.writeUInt32LE(headerBytes, 4);
  start.write(text, prefixBytes);
  return [start, ...blocks.flatMap(withPadding)];
}

function withPadding(block: Uint8Array): Uint8Array[] {
  const missing = padded(block.byteLength) - block.byteLength;
  return missing === 0 ? [block] : [block, zeros.subarray(0, missing)];
}

/** Reads one body (what follows the prefix). Blocks are views of it. */
export function unpackFrame(body: Uint8Array, headerBytes: number): Frame {
  const text = Buffer.from(body.buffer, body.byteOffset, headerBytes).toString('utf8');
  const header = jsonObject(text);
  const blocks: Uint8Array[] = [];
  let offset = headerBytes;
  for (const length of readList(header['b'] ?? []).map(readInteger)) {
    blocks.push(body.subarray(offset, offset + length));
    offset += padded(length);
  }
  return { header, blocks };
}

/** Puts frames together from the chunks of a stream. */
export class FrameReader {
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #body: Uint8Array | null = null;
  #bodyFilled = 0;

  /** The frames that this chunk completes, in order. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.byteLength > 0 || this.#complete()) {
      rest = this.#body === null ? this.#readPrefix(rest) : this.#readBody(this.#body, rest);
      if (this.#body !== null && this.#complete()) frames.push(this.#take(this.#body));
    }
    return frames;
  }

  #complete(): boolean {
    return this.#body !== null && this.#bodyFilled === this.#body.byteLength;
  }

  #readPrefix(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, prefixBytes - this.#prefixFilled);
    this.#prefix.set(taken, this.#prefixFilled);
    this.#prefixFilled += taken.byteLength;
    if (this.#prefixFilled === prefixBytes) {
      this.#body = new Uint8Array(this.#prefix.readUInt32LE(0));
      this.#bodyFilled = 0;
    }
    return chunk.subarray(taken.byteLength);
  }

  #readBody(body: Uint8Array, chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, body.byteLength - this.#bodyFilled);
    body.set(taken, this.#bodyFilled);
    this.#bodyFilled += taken.byteLength;
    return chunk.subarray(taken.byteLength);
  }

  #take(body: Uint8Array): Frame {
    this.#body = null;
    this.#prefixFilled = 0;
    return unpackFrame(body, this.#prefix.readUInt32LE(4));
  }
}
