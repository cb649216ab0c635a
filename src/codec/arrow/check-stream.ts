import { mostCells } from './budget.ts';
import { brokenArrow } from './broken.ts';

/**
 * Looks through the messages of a stream before the library reads them, which trusts what they say: lengths lie within
 * the body, nothing points outside, and no part is reached so often that reading would not end.
 * Errors: INVALID_BODY.
 *
 * @see https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export function checkStream(bytes: Uint8Array): void {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(6, bytes.length)).toString('latin1') === 'ARROW1')
    throw brokenArrow('it is a file of Arrow; send the stream format');
  const end = readMessages(bytes);
  if (end !== bytes.length) throw brokenArrow('bytes follow the end of its Arrow stream');
}

const prefixBytes = 8;
const continuation = -1;

/** Where the stream ends, its end marker included. */
function readMessages(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let count = 0; at < bytes.length; count++) {
    if (bytes.length - at < prefixBytes) throw truncated();
    if (view.getInt32(at, true) !== continuation) throw brokenArrow('it is no Arrow stream');
    const size = view.getInt32(at + 4, true);
    at += prefixBytes;
    if (size === 0) return count === 0 ? noSchema() : at;
    if (size < 0 || size % 8 !== 0)
      throw brokenArrow('a message of its Arrow stream has an impossible length');
    if (size > bytes.length - at) throw truncated();
    const bodyLength = checkMessage(new DataView(bytes.buffer, bytes.byteOffset + at, size), count);
    at += size;
    if (bodyLength > bytes.length - at) throw truncated();
    at += bodyLength;
  }
  return at === 0 ? noSchema() : at;
}

function truncated(): Error {
  return brokenArrow('its Arrow stream ends within a message');
}

function noSchema(): never {
  throw brokenArrow('its Arrow stream has no schema');
}

/** Types of messages, as the format numbers them. */
const schemaMessage = 1;
const dictionaryMessage = 2;
const recordMessage = 3;

/** The length of the message's body. */
function checkMessage(view: DataView, position: number): number {
  try {
    const check = new MessageCheck(view);
    const message = check.table(view.getUint32(0, true));
    const type = check.byte(message(1));
    const header = check.table(check.offset(message(2)));
    const bodyLength = check.length(message(3));
    if (bodyLength % 8 !== 0) throw new RangeError('body is not padded');
    if ((type === schemaMessage) !== (position === 0)) throw new RangeError('schema out of place');
    if (type === schemaMessage) check.schema(header);
    else if (type === recordMessage) check.records(header, bodyLength);
    else if (type === dictionaryMessage) check.records(check.table(check.offset(header(1))), bodyLength);
    else throw new RangeError(`message of type ${String(type)}`);
    return bodyLength;
  } catch (thrown) {
    if (thrown instanceof RangeError) throw brokenArrow('a message of its Arrow stream is broken', thrown);
    throw thrown;
  }
}

/** Where a member of a table stands; null where it has its default. */
type Member = (slot: number) => number | null;

const deepestField = 64;
/** As the format numbers types of columns. */
const unionType = 14;

/** One FlatBuffer. What does not fit is a RangeError, as DataView throws them. */
class MessageCheck {
  readonly #view: DataView;
  /** Parts still to be visited: a FlatBuffer may point to one from many places, a writer never does. */
  #visits: number;

  constructor(view: DataView) {
    this.#view = view;
    this.#visits = view.byteLength;
  }

  table(position: number): Member {
    this.#visit(1);
    const vtable = position - this.#view.getInt32(position, true);
    const size = this.#view.getInt16(vtable, true);
    return (slot) => {
      const entry = 4 + 2 * slot;
      if (entry + 2 > size) return null;
      const offset = this.#view.getInt16(vtable + entry, true);
      if (offset < 0) throw new RangeError('negative offset');
      return offset === 0 ? null : position + offset;
    };
  }

  /** What the offset at a position points to. */
  offset(position: number | null): number {
    if (position === null) throw new RangeError('a part is missing');
    const distance = this.#view.getInt32(position, true);
    if (distance <= 0) throw new RangeError('points backwards');
    return position + distance;
  }

  byte(position: number | null): number {
    return position === null ? 0 : this.#view.getUint8(position);
  }

  /** A 64-bit length that a number holds. */
  length(position: number | null): number {
    const value = position === null ? 0n : this.#view.getBigInt64(position, true);
    if (value < 0n || value > Number.MAX_SAFE_INTEGER) throw new RangeError('impossible length');
    return Number(value);
  }

  schema(schema: Member): void {
    if (this.byte(schema(0)) !== 0) throw new RangeError('big-endian');
    this.#each(schema(1), 4, (item) => {
      this.#field(item, 0);
    });
    this.#metadata(schema(2));
  }

  #field(position: number, depth: number): void {
    if (depth > deepestField) throw new RangeError('nested too deep');
    const field = this.table(this.offset(position));
    this.#text(field(0));
    if (this.byte(field(2)) === unionType) throw brokenArrow('unions of Arrow are not read');
    const dictionary = field(4);
    if (dictionary !== null) this.table(this.offset(dictionary));
    this.#each(field(5), 4, (item) => {
      this.#field(item, depth + 1);
    });
    this.#metadata(field(6));
  }

  #metadata(position: number | null): void {
    this.#each(position, 4, (item) => {
      const pair = this.table(this.offset(item));
      this.#text(pair(0));
      this.#text(pair(1));
    });
  }

  records(batch: Member, bodyLength: number): void {
    if (this.length(batch(0)) > mostCells) throw new RangeError('too many rows');
    this.#each(batch(1), 16, (item) => {
      if (this.length(item) > mostCells) throw new RangeError('too many cells');
    });
    this.#each(batch(2), 16, (item) => {
      const start = this.length(item);
      if (start + this.length(item + 8) > bodyLength) throw new RangeError('buffer outside the body');
    });
    this.#each(batch(4), 8, (item) => {
      if (this.length(item) > this.#view.byteLength) throw new RangeError('too many buffers');
    });
  }

  #text(position: number | null): void {
    if (position !== null) this.#vector(position, 1);
  }

  #each(position: number | null, stride: number, look: (item: number) => void): void {
    if (position === null) return;
    const { start, count } = this.#vector(position, stride);
    this.#visit(count);
    for (let index = 0; index < count; index++) look(start + index * stride);
  }

  #vector(position: number, stride: number): { start: number; count: number } {
    const start = this.offset(position);
    const count = this.#view.getInt32(start, true);
    if (count < 0 || start + 4 + count * stride > this.#view.byteLength)
      throw new RangeError('vector too long');
    return { start: start + 4, count };
  }

  #visit(parts: number): void {
    this.#visits -= parts;
    if (this.#visits < 0) throw new RangeError('more parts than bytes');
  }
}
