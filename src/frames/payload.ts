/**
 * Payloads as the description and blocks of a frame, and back.
 *
 * table:   `{k: 't', n, c: [[name, dtype, nulls], ...], s?, i?, a?, j?}`: one block per fixed dtype, in order of first
 *          appearance, that holds its columns one after another (what pandas keeps inside a frame); two blocks
 *          per column of bytes; one byte per row for each column whose `nulls` is 1. Text and nested columns
 *          are lists in `j`, labels of the rows in `i`; `s` and `a` mark series and arrays. On a connection the columns are said once and called by number after that: `l`.
 * tensors: `{k: 'x', t: [[name, dtype, shape], ...], j?}`: a block (bytes: two) each, or a list in `j`.
 * value:   `{k: 'v', v}`, or a list `j` of one, and the `n` items that it has if it is a list.
 *
 * An entry of `j` that is null stands for the next block after all others, which has it in JSON: what was sealed goes
 * as it is, and what is long comes sealed.
 */
import { type Json, nestedFromJson, nestedToJson } from '../payload/nested-json.ts';
import type { Column, Payload, Table, Tensors, Value, Vector } from '../payload/payload.ts';
import {
  blocksToBytes,
  bytesToBlocks,
  isLoose,
  looseToJson,
  nullsOf,
  openColumn,
  openValue,
  openVector,
  sealOfValue,
  sealOfVector,
  withNulls,
} from '../payload/sealed.ts';
import { badFrame, readInteger, readList, readObject, readOptionalText } from './json.ts';
import { type ColumnLayout, layoutToJson, type LayoutReader, type LayoutWriter } from './layout.ts';
import {
  bytesOf,
  type FixedDtype,
  isFixed,
  isFixedVector,
  itemBytes,
  readDtype,
  vectorOf,
} from './vector.ts';

export type Description = Readonly<Record<string, Json>>;

export interface PackedPayload {
  readonly description: Description;
  readonly blocks: readonly Uint8Array[];
}

/** `layouts` remembers what was said on this connection; null says everything every time. */
export function packPayload(payload: Payload, layouts: LayoutWriter | null): PackedPayload {
  switch (payload.kind) {
    case 'table':
      return packTable(payload, layouts);
    case 'tensors':
      return packTensors(payload);
    case 'value': {
      const sealed = sealOfValue(payload);
      return sealed === null
        ? { description: { k: 'v', v: nestedToJson(payload.value) }, blocks: [] }
        : { description: { k: 'v', j: [null] }, blocks: [sealed.json] };
    }
  }
}

function packTable(table: Table, layouts: LayoutWriter | null): PackedPayload {
  const columns = table.columns.map(layoutOf);
  const said = layouts === null ? { c: layoutToJson(columns) } : layouts.say(columns);
  const blocks = fixedBlocks(table.columns.map(({ vector }) => vector));
  const loose: LooseParts = { lists: [], blocks, sealed: [] };
  for (const { vector, nulls } of table.columns) packLoose(vector, nulls, loose);
  for (const { nulls, vector } of table.columns)
    if (nulls !== null && isFixedVector(vector)) blocks.push(nulls);
  const description: Description = {
    k: 't',
    n: table.rows,
    ...said,
    ...(table.series === true ? { s: 1 } : {}),
    ...(table.labels !== undefined ? { i: table.labels.map(nestedToJson) } : {}),
    ...(table.arrays === true ? { a: 1 } : {}),
    ...(loose.lists.length > 0 ? { j: loose.lists } : {}),
  };
  return { description, blocks: [...blocks, ...loose.sealed] };
}

const layoutOf = ({ name, vector, nulls }: Column): ColumnLayout => ({
  name,
  dtype: vector.dtype,
  nulls: nulls !== null && isFixed(vector.dtype),
});

/** One block per fixed dtype. */
function fixedBlocks(vectors: readonly Vector[]): Uint8Array[] {
  const groups = new Map<FixedDtype, Uint8Array[]>();
  for (const vector of vectors) {
    if (!isFixedVector(vector)) continue;
    const group = groups.get(vector.dtype);
    if (group === undefined) groups.set(vector.dtype, [bytesOf(vector.data)]);
    else group.push(bytesOf(vector.data));
  }
  return [...groups.values()].map((parts) =>
    parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts),
  );
}

interface LooseParts {
  readonly lists: Json[];
  readonly blocks: Uint8Array[];
  /** Blocks that come after all others. */
  readonly sealed: Uint8Array[];
}

/** What has no fixed width: text and nested cells into `lists`, bytes into `blocks`. */
function packLoose(
  vector: Vector,
  nulls: Uint8Array | null,
  { lists, blocks, sealed: last }: LooseParts,
): void {
  if (!isLoose(vector)) return;
  const sealed = sealOfVector(vector);
  if (sealed === null) {
    if (vector.dtype === 'bytes') blocks.push(...bytesToBlocks(withNulls(vector.data, nulls)));
    else lists.push(looseToJson(vector, nulls));
  } else if (sealed.dtype === 'bytes') {
    blocks.push(...sealed.blocks);
  } else {
    lists.push(null);
    last.push(sealed.json);
  }
}

function packTensors({ tensors }: Tensors): PackedPayload {
  const blocks: Uint8Array[] = [];
  const loose: LooseParts = { lists: [], blocks, sealed: [] };
  for (const { vector } of tensors)
    if (isFixedVector(vector)) blocks.push(bytesOf(vector.data));
    else packLoose(vector, null, loose);
  const t = tensors.map(({ name, vector, shape }): Json => [name, vector.dtype, shape]);
  const description = { k: 'x', t, ...(loose.lists.length > 0 ? { j: loose.lists } : {}) };
  return { description, blocks: [...blocks, ...loose.sealed] };
}

export function unpackPayload(
  json: Json | undefined,
  blocks: readonly Uint8Array[],
  layouts: LayoutReader,
): Payload {
  const description = readObject(json);
  const parts = partsOf(readList(description['j'] ?? []), blocks);
  switch (description['k']) {
    case 't':
      return unpackTable(description, parts, layouts);
    case 'x':
      return {
        kind: 'tensors',
        tensors: readList(description['t']).map((tensor) => unpackTensor(tensor, parts)),
      };
    case 'v':
      return 'j' in description ? unpackValue(description, parts.json()) : valueOf(description['v']);
    default:
      throw badFrame('an unknown kind of payload');
  }
}

function unpackValue(description: Description, json: Json | Uint8Array): Value {
  if (!(json instanceof Uint8Array)) return valueOf(json);
  const rows = description['n'] ?? null;
  return openValue({ json, rows: rows === null ? null : readInteger(rows) });
}

function valueOf(json: Json | undefined): Value {
  return { kind: 'value', value: nestedFromJson(json ?? null) };
}

/** With the blocks of their own in the places of their lists. */
function partsOf(lists: readonly Json[], blocks: readonly Uint8Array[]): Parts {
  const own = lists.filter((list) => list === null).length;
  if (own === 0) return new Parts(lists, blocks);
  if (own > blocks.length) throw badFrame('too few blocks');
  const last = blocks.slice(-own).values();
  return new Parts(
    lists.map((list) => list ?? last.next().value ?? null),
    blocks.slice(0, -own),
  );
}

/** Lists and blocks, taken one after another. */
class Parts {
  readonly #lists: Iterator<Json | Uint8Array>;
  readonly #blocks: Iterator<Uint8Array>;

  constructor(lists: readonly (Json | Uint8Array)[], blocks: readonly Uint8Array[]) {
    this.#lists = lists.values();
    this.#blocks = blocks.values();
  }

  /** A list, or the block that it is in. */
  json(): Json | Uint8Array {
    const next = this.#lists.next();
    if (next.done === true) throw badFrame('too few lists');
    return next.value;
  }

  block(): Uint8Array {
    const next = this.#blocks.next();
    if (next.done === true) throw badFrame('too few blocks');
    return next.value;
  }
}

function unpackTable(description: Description, parts: Parts, layouts: LayoutReader): Table {
  const rows = readInteger(description['n']);
  const layout = layouts.hear(description);
  const fixed = splitFixed(layout, rows, parts);
  const loose = layout.map((column) => fixed.get(column) ?? unpackLoose(column.dtype, parts));
  const columns = layout.map(({ name, nulls }, i): Column => {
    const vector = loose[i];
    if (vector === undefined) throw badFrame('a column without a vector');
    const sealed = sealOfVector(vector);
    if (sealed !== null) return openColumn(name, sealed);
    return { name, vector, nulls: nulls ? parts.block() : nullsOf(vector) };
  });
  const { s: series, i: labels, a: arrays } = description;
  return {
    kind: 'table',
    rows,
    columns,
    ...(series === 1 ? { series: true } : {}),
    ...(labels !== undefined ? { labels: readList(labels).map(nestedFromJson) } : {}),
    ...(arrays === 1 ? { arrays: true } : {}),
  };
}

/** The vectors of the fixed columns, out of their blocks. */
function splitFixed(layout: readonly ColumnLayout[], rows: number, parts: Parts): Map<ColumnLayout, Vector> {
  const vectors = new Map<ColumnLayout, Vector>();
  const blocks = new Map<FixedDtype, { bytes: Uint8Array; used: number }>();
  for (const column of layout) {
    const { dtype } = column;
    if (!isFixed(dtype)) continue;
    let block = blocks.get(dtype);
    if (block === undefined) blocks.set(dtype, (block = { bytes: parts.block(), used: 0 }));
    const end = block.used + rows * itemBytes[dtype];
    vectors.set(column, vectorOf(dtype, block.bytes.subarray(block.used, end)));
    block.used = end;
  }
  return vectors;
}

function unpackLoose(dtype: Vector['dtype'], parts: Parts): Vector {
  switch (dtype) {
    case 'str':
    case 'object': {
      const json = parts.json();
      if (json instanceof Uint8Array) return openVector({ dtype, json }, null);
      return dtype === 'str'
        ? { dtype, data: readList(json).map(readOptionalText) }
        : { dtype, data: readList(json).map(nestedFromJson) };
    }
    case 'bytes':
      return { dtype, data: blocksToBytes(parts.block(), parts.block()) };
    default:
      return vectorOf(dtype, parts.block());
  }
}

function unpackTensor(json: Json, parts: Parts): Tensors['tensors'][number] {
  const [name, dtype, shape] = readList(json);
  return {
    name: readOptionalText(name),
    shape: readList(shape).map(readInteger),
    vector: unpackLoose(readDtype(dtype), parts),
  };
}
