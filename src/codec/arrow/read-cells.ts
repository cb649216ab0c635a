import type { Column, DataType as ArrowType } from '@uwdata/flechette';
import { Timestamp } from '../../payload/payload.ts';
import { exactNumber } from '../../util/decimal.ts';
import { JsonText } from '../values/typed-value.ts';
import { takeBytes, takeCells } from './budget.ts';
import { brokenArrow } from './broken.ts';
import { bit, nullsOf, offsetsOf, valuesOf } from './layout.ts';
import { type ArrowBatch, type ArrowColumn, readArrow } from './read-stream.ts';
import { readBytes, readByteViews, readFixedBytes, readTexts, readTextViews } from './read-texts.ts';

/**
 * The cells of batches as plain values, which any type can be read from: times as Timestamp, bytes as Uint8Array,
 * integers beyond 2^53 as bigint, null where there is none. Errors: INVALID_BODY.
 */
export function readCells({
  batches,
  metadata,
}: Pick<ArrowColumn, 'batches' | 'metadata'>): readonly unknown[] {
  return readArrow(() => {
    const [only, ...more] = batches.map(readBatch);
    const cells = more.length === 0 ? (only ?? []) : [only ?? [], ...more].flat(1);
    return isJson(metadata) ? cells.map(asJson) : cells;
  });
}

/** @see https://arrow.apache.org/docs/format/CanonicalExtensions.html */
export const extensionKey = 'ARROW:extension:name';
export const jsonExtension = 'arrow.json';

function isJson(metadata: ReadonlyMap<string, string> | null | undefined): boolean {
  return metadata?.get(extensionKey) === jsonExtension;
}

function asJson(cell: unknown): unknown {
  return typeof cell === 'string' ? new JsonText(cell) : cell;
}

function readBatch(batch: ArrowBatch): readonly unknown[] {
  takeCells(batch.length);
  const nulls = nullsOf(batch);
  const cells = readValues(batch, nulls);
  return nulls === null ? cells : cells.map((cell, index) => (nulls[index] === 1 ? null : cell));
}

function readValues(batch: ArrowBatch, nulls: Uint8Array | null): readonly unknown[] {
  const type = batch.type;
  switch (type.typeId) {
    case -1:
      return readDictionary(batch, nulls);
    case 1:
      return new Array<null>(batch.length).fill(null);
    case 2:
      return Array.from(valuesOf(batch), safeInteger);
    case 3:
      return Array.from<number>(floatsOf(batch));
    case 4:
    case 19:
      return readBytes(batch);
    case 5:
    case 20:
      return readTexts(batch, nulls);
    case 6:
      return readBooleans(batch);
    case 7:
      return readDecimals(batch, type.scale, type.bitWidth);
    case 8:
    case 10:
      return Array.from(valuesOf(batch), (count) => new Timestamp(BigInt(count) * nanosecondsOf(type)));
    case 15:
      return readFixedBytes(batch, type.stride);
    case 23:
      return readByteViews(batch, nulls);
    case 24:
      return readTextViews(batch, nulls);
    default:
      return readNestedValues(batch, type);
  }
}

function readNestedValues(batch: ArrowBatch, type: ArrowType): readonly unknown[] {
  switch (type.typeId) {
    case 12:
    case 21:
      return readLists(batch);
    case 13:
      return readStructs(batch);
    case 16:
      return readFixedLists(batch, type.stride);
    case 17:
      return readMaps(batch);
    case 25:
    case 26:
      return readListViews(batch);
    default:
      throw brokenArrow(`Arrow's type ${typeWords(type)} is not read`);
  }
}

function typeWords({ typeId }: ArrowType): string {
  const names: Readonly<Record<number, string>> = {
    9: 'time',
    11: 'interval',
    18: 'duration',
    22: 'run-end encoded',
  };
  return names[typeId] ?? String(typeId);
}

function safeInteger(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Halves come as the 16 bits that they are. */
export function floatsOf(batch: ArrowBatch): Float16Array | Float32Array | Float64Array {
  const values = valuesOf(batch);
  return values instanceof Uint16Array
    ? new Float16Array(values.buffer, values.byteOffset, values.length)
    : (values as unknown as Float32Array | Float64Array);
}

export function readBooleans(batch: ArrowBatch): readonly boolean[] {
  const bits = batch.values as Uint8Array;
  if (bits.length * 8 < batch.length)
    throw brokenArrow('a buffer of its Arrow stream is shorter than its column');
  return Array.from({ length: batch.length }, (_, index) => bit(bits, index));
}

const nanoseconds = [1_000_000_000n, 1_000_000n, 1_000n, 1n] as const;
const nanosecondsPerDay = 86_400_000_000_000n;

/** How long one unit of a date or timestamp is. A zone does not move it: Arrow counts in UTC. */
export function nanosecondsOf(type: Extract<ArrowType, { typeId: 8 | 10 }>): bigint {
  return type.typeId === 10 ? nanoseconds[type.unit] : type.unit === 0 ? nanosecondsPerDay : 1_000_000n;
}

/** As the numbers that they are written as. */
function readDecimals(batch: ArrowBatch, scale: number, bitWidth: number): readonly unknown[] {
  const words = bitWidth / 64;
  const values = batch.values as Int32Array | BigUint64Array;
  if (values.length < batch.length * Math.max(1, words))
    throw brokenArrow('an Arrow column of decimals is too short');
  return Array.from({ length: batch.length }, (_, index) => {
    if (values instanceof Int32Array) return decimal(BigInt(values[index] ?? 0), scale);
    let unsigned = 0n;
    for (let word = words - 1; word >= 0; word--)
      unsigned = (unsigned << 64n) | (values[index * words + word] ?? 0n);
    return decimal(BigInt.asIntN(bitWidth, unsigned), scale);
  });
}

function decimal(unscaled: bigint, scale: number): unknown {
  if (scale <= 0) return exactNumber(`${String(unscaled)}${unscaled === 0n ? '' : '0'.repeat(-scale)}`);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return exactNumber(`${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}

function child({ children }: ArrowBatch): ArrowBatch {
  const [found] = children;
  if (found === undefined) throw brokenArrow('an Arrow column of lists has no items');
  return found;
}

/** The cells of the batches beneath, and what their fields say of them. */
function childCells(batch: ArrowBatch): readonly (readonly unknown[])[] {
  const fields = 'children' in batch.type ? batch.type.children : [];
  return batch.children.map((cells, index) =>
    isJson(fields[index]?.metadata) ? readBatch(cells).map(asJson) : readBatch(cells),
  );
}

function itemCells(batch: ArrowBatch): readonly unknown[] {
  const [items] = childCells(batch);
  if (items === undefined) throw brokenArrow('an Arrow column of lists has no items');
  return items;
}

function readLists(batch: ArrowBatch): readonly unknown[] {
  const items = itemCells(batch);
  const starts = offsetsOf(batch, items.length);
  return Array.from({ length: batch.length }, (_, index) => items.slice(starts[index], starts[index + 1]));
}

function readFixedLists(batch: ArrowBatch, stride: number): readonly unknown[] {
  const items = itemCells(batch);
  if (!(stride >= 0) || items.length < batch.length * stride)
    throw brokenArrow('an Arrow column of lists is too short');
  return Array.from({ length: batch.length }, (_, index) =>
    items.slice(index * stride, (index + 1) * stride),
  );
}

/** Lists may share their items, so that there can be more of them than the column has. */
function readListViews(batch: ArrowBatch): readonly unknown[] {
  const items = itemCells(batch);
  return Array.from({ length: batch.length }, (_, index) => {
    const start = Number(batch.offsets[index]);
    const size = Number(batch.sizes[index]);
    if (!(start >= 0 && size >= 0 && start + size <= items.length))
      throw brokenArrow('the offsets of an Arrow column point outside of it');
    takeCells(size);
    const list = items.slice(start, start + size);
    takeBytes(list.reduce((sum: number, item) => sum + weigh(item), 0));
    return list;
  });
}

function readStructs(batch: ArrowBatch): readonly unknown[] {
  const members = childCells(batch);
  const names = 'children' in batch.type ? batch.type.children.map(({ name }) => name) : [];
  if (members.some((cells) => cells.length < batch.length))
    throw brokenArrow('an Arrow column of structs is too short');
  return Array.from({ length: batch.length }, (_, index) =>
    // Own properties, also of a member that is called __proto__.
    Object.fromEntries(names.map((name, member) => [name, members[member]?.[index] ?? null])),
  );
}

function readMaps(batch: ArrowBatch): readonly unknown[] {
  const [keys, values] = childCells(child(batch));
  if (keys === undefined || values === undefined) throw brokenArrow('an Arrow map has no keys or no values');
  const starts = offsetsOf(batch, Math.min(keys.length, values.length));
  return Array.from({ length: batch.length }, (_, index) => {
    const members = keys
      .slice(starts[index], starts[index + 1])
      .map((key, entry) => [key, values[(starts[index] ?? 0) + entry]] as const);
    if (members.some(([key]) => typeof key !== 'string'))
      throw brokenArrow('the keys of an Arrow map are no strings');
    return Object.fromEntries(members as (readonly [string, unknown])[]);
  });
}

const dictionaries = new WeakMap<Column<unknown>, readonly unknown[]>();

function readDictionary(batch: ArrowBatch, nulls: Uint8Array | null): readonly unknown[] {
  const { dictionary } = batch as ArrowBatch & { readonly dictionary?: Column<unknown> };
  if (dictionary === undefined) throw brokenArrow('a dictionary of its Arrow stream is missing');
  const known = dictionaries.get(dictionary) ?? dictionary.data.flatMap(readBatch);
  dictionaries.set(dictionary, known);
  const weights = known.map(weigh);
  return Array.from(valuesOf(batch), (key, index) => {
    if (nulls?.[index] === 1) return null;
    const position = Number(key);
    if (!(position >= 0 && position < known.length))
      throw brokenArrow('an Arrow column points outside of its dictionary');
    takeBytes(weights[position] ?? 0);
    return known[position];
  });
}

/** About how many bytes a value has. */
function weigh(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, member) => sum + weigh(member), 8);
}
