/**
 * As much of the protobuf wire format as it takes to look into a model and replace a few parts of it.
 * Malformed bytes end a walk early: onnxruntime reads the same file next, and says what is wrong with it.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

export interface Field {
  readonly number: number;
  readonly wireType: number;
  /** The field with its tag, as it stands in the file. */
  readonly whole: Uint8Array;
  /** The content of a length-delimited field; the encoded number of any other. */
  readonly value: Uint8Array;
}

const varintType = 0;
const bytesType = 2;

export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let position = 0;
  while (position < bytes.length) {
    const tag = varint(bytes, position);
    if (tag === null) return;
    const wireType = Number(tag.value & 7n);
    const span = valueSpan(bytes, tag.end, wireType);
    if (span === null || span.end > bytes.length) return;
    yield {
      number: Number(tag.value >> 3n),
      wireType,
      whole: bytes.subarray(position, span.end),
      value: bytes.subarray(span.start, span.end),
    };
    position = span.end;
  }
}

/** The content of every length-delimited field of that number. */
export function* messagesOf(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fieldsOf(bytes)) {
    if (field.number === number && field.wireType === bytesType) yield field.value;
  }
}

export function textsOf(bytes: Uint8Array, number: number): string[] {
  return [...messagesOf(bytes, number)].map((value) => new TextDecoder().decode(value));
}

export function textOf(bytes: Uint8Array, number: number): string {
  return textsOf(bytes, number).at(-1) ?? '';
}

/** Signed 64-bit numbers of a repeated field, packed or not. */
export function int64sOf(bytes: Uint8Array, number: number): bigint[] {
  const found: bigint[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number !== number || (field.wireType !== varintType && field.wireType !== bytesType)) continue;
    let position = 0;
    while (position < field.value.length) {
      const read = varint(field.value, position);
      if (read === null) break;
      found.push(BigInt.asIntN(64, read.value));
      position = read.end;
    }
  }
  return found;
}

/** A length-delimited field. */
export function encodeBytes(number: number, value: Uint8Array): Uint8Array {
  return joined([encodeVarint(number * 8 + bytesType), encodeVarint(value.length), value]);
}

export function encodeText(number: number, value: string): Uint8Array {
  return encodeBytes(number, new TextEncoder().encode(value));
}

export function encodeNumber(number: number, value: number): Uint8Array {
  return joined([encodeVarint(number * 8 + varintType), encodeVarint(value)]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function varint(bytes: Uint8Array, start: number): { value: bigint; end: number } | null {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return null;
    value |= BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return { value, end: start + index + 1 };
  }
  return null;
}

function valueSpan(bytes: Uint8Array, at: number, wireType: number): { start: number; end: number } | null {
  switch (wireType) {
    case varintType: {
      const end = varint(bytes, at)?.end;
      return end === undefined ? null : { start: at, end };
    }
    case 1:
      return { start: at, end: at + 8 };
    case bytesType: {
      const length = varint(bytes, at);
      return length === null ? null : { start: length.end, end: length.end + Number(length.value) };
    }
    case 5:
      return { start: at, end: at + 4 };
    default:
      return null;
  }
}
