import { countersignError } from '../errors/countersign-error.ts';
import { type Json, nestedFromJson, nestedToJson } from './nested-json.ts';
import type { Column, Nested, Payload, Value, Vector } from './payload.ts';

/**
 * Text, nested and byte cells in the bytes that a frame of a Python host has them in. A thread seals what it read of a
 * large body; what then goes on to a host is neither made into objects nor written again on the event loop. What a host
 * answers at length stays sealed the other way round, for a thread to write. Whoever looks at `data` or `value` of what
 * was opened gets the cells, which are read then.
 */
export type SealedVector =
  /** A JSON list in UTF-8, of `nestedToJson`; null where the cell is. */
  | { readonly dtype: 'str' | 'object'; readonly json: Uint8Array }
  /** As `bytesToBlocks` has them. */
  | { readonly dtype: 'bytes'; readonly blocks: readonly [Uint8Array, Uint8Array] };

/** A plain value, sealed. */
export interface SealedValue {
  readonly json: Uint8Array;
  /** As `rowCount` says of the value. */
  readonly rows: number | null;
}

type Loose = Extract<Vector, { readonly dtype: 'str' | 'object' | 'bytes' }>;

export function isLoose(vector: Vector): vector is Loose {
  return vector.dtype === 'str' || vector.dtype === 'object' || vector.dtype === 'bytes';
}

/** `nulls`: as of a column; its cells are sealed as nulls. */
export function sealVector(vector: Loose, nulls: Uint8Array | null): SealedVector {
  return vector.dtype === 'bytes'
    ? { dtype: 'bytes', blocks: bytesToBlocks(withNulls(vector.data, nulls)) }
    : { dtype: vector.dtype, json: sealJson(looseToJson(vector, nulls)) };
}

export function sealValue({ value }: Value): SealedValue {
  return { json: sealNested(value), rows: Array.isArray(value) ? value.length : null };
}

/** Text and nested cells as the list that a frame has them in. */
export function looseToJson(
  vector: Extract<Loose, { readonly dtype: 'str' | 'object' }>,
  nulls: Uint8Array | null,
): readonly Json[] {
  if (vector.dtype === 'str') return withNulls(vector.data, nulls);
  return vector.data.map((cell, index) => (nulls?.[index] === 1 ? null : nestedToJson(cell)));
}

export function withNulls<Cell>(
  cells: readonly (Cell | null)[],
  nulls: Uint8Array | null,
): readonly (Cell | null)[] {
  return nulls === null ? cells : cells.map((cell, index) => (nulls[index] === 1 ? null : cell));
}

const seals = new WeakMap<object, SealedVector | SealedValue>();

/** `restore`: what the bytes do not tell of a cell, that its integers are all long ones. */
export function openVector(sealed: SealedVector, restore: ((cell: Nested) => Nested) | null): Vector {
  const read = (): unknown => {
    if (sealed.dtype === 'bytes') return blocksToBytes(...sealed.blocks);
    const cells = parse(sealed.json) as readonly Json[];
    if (sealed.dtype === 'str') return cells;
    return cells.map(restore === null ? nestedFromJson : (cell) => restore(nestedFromJson(cell)));
  };
  let cells: unknown;
  const { dtype } = sealed;
  const vector = {
    dtype,
    get data() {
      return (cells ??= read());
    },
  } as Vector;
  seals.set(vector, sealed);
  return vector;
}

const withNullsOfCells = new WeakSet<Column>();

/** A column whose nulls are those of its cells: like these, they are looked for when somebody asks. */
export function openColumn(name: string | null, sealed: SealedVector): Column {
  const vector = openVector(sealed, null);
  let nulls: Uint8Array | null | undefined;
  const column: Column = {
    name,
    vector,
    get nulls() {
      return nulls === undefined ? (nulls = nullsOf(vector)) : nulls;
    },
  };
  withNullsOfCells.add(column);
  return column;
}

/** The bytes of what `openColumn` made; null of any other. */
export function sealOfColumn(column: Column): SealedVector | null {
  return withNullsOfCells.has(column) ? sealOfVector(column.vector) : null;
}

/** Of text, bytes and nested cells a null is the null itself. */
export function nullsOf(vector: Vector): Uint8Array | null {
  if (!isLoose(vector) || !vector.data.includes(null)) return null;
  return Uint8Array.from(vector.data, (cell) => (cell === null ? 1 : 0));
}

/** Bytes of the cells that nobody has looked at. */
export function sealedBytes(payload: Payload): number {
  switch (payload.kind) {
    case 'table':
      return payload.columns.reduce((sum, { vector }) => sum + bytesOf(sealOfVector(vector)), 0);
    case 'tensors':
      return payload.tensors.reduce((sum, { vector }) => sum + bytesOf(sealOfVector(vector)), 0);
    case 'value':
      return sealOfValue(payload)?.json.byteLength ?? 0;
  }
}

function bytesOf(sealed: SealedVector | null): number {
  if (sealed === null) return 0;
  return sealed.dtype === 'bytes' ? sealed.blocks[1].byteLength : sealed.json.byteLength;
}

export function openValue(sealed: SealedValue): Value {
  let value: Nested | undefined;
  const opened: Value = {
    kind: 'value',
    get value() {
      return (value ??= openNested(sealed.json));
    },
  };
  seals.set(opened, sealed);
  return opened;
}

/** The bytes of what `openVector` made; null of any other. */
export function sealOfVector(vector: Vector): SealedVector | null {
  return (seals.get(vector) as SealedVector | undefined) ?? null;
}

/** The bytes of what `openValue` made; null of any other. */
export function sealOfValue(payload: Payload): SealedValue | null {
  return payload.kind === 'value' ? ((seals.get(payload) as SealedValue | undefined) ?? null) : null;
}

/** A nested value in JSON, as frames have it; a long that a number can hold does not come back as bigint. */
export function sealNested(value: Nested): Uint8Array {
  return sealJson(nestedToJson(value));
}

export function openNested(json: Uint8Array): Nested {
  return nestedFromJson(parse(json));
}

function sealJson(json: Json): Uint8Array {
  // Of its own, to be handed over between threads.
  return new TextEncoder().encode(JSON.stringify(json));
}

function parse(bytes: Uint8Array): Json {
  try {
    // The parsing door: the bytes are of `sealJson`, or of a host.
    return JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch (cause) {
    throw countersignError('INTERNAL').with({ cause });
  }
}

/** Byte strings as two blocks: int32 lengths, -1 for null, and all bytes in a row. */
export function bytesToBlocks(cells: readonly (Uint8Array | null)[]): [Uint8Array, Uint8Array] {
  const lengths = Int32Array.from(cells, (cell) => cell?.byteLength ?? -1);
  const all = new Uint8Array(cells.reduce((sum, cell) => sum + (cell?.byteLength ?? 0), 0));
  let offset = 0;
  for (const cell of cells) {
    if (cell === null) continue;
    all.set(cell, offset);
    offset += cell.byteLength;
  }
  return [new Uint8Array(lengths.buffer), all];
}

export function blocksToBytes(lengths: Uint8Array, bytes: Uint8Array): (Uint8Array | null)[] {
  let offset = 0;
  return Array.from(new Int32Array(lengths.buffer, lengths.byteOffset, lengths.byteLength / 4), (length) => {
    if (length < 0) return null;
    offset += length;
    // A copy, so that one kept cell does not keep the whole frame.
    return bytes.slice(offset - length, offset);
  });
}
