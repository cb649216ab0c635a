import type { Schema, Signature } from '../contract/signature.ts';
import type { ExampleInfo } from '../registry/registry.ts';
import { integerOrNumber } from '../util/exact-json.ts';
import { readJson } from '../util/json-reader.ts';
import { isRecord, type UnknownRecord } from '../util/unknown.ts';
import { writeJson } from '../util/write-json.ts';
import { utf8Text } from './json-body.ts';
import { createServeCodec } from './serve.ts';

/**
 * A model's own input example as a body of `/serve`: a row, or a list of rows, in the envelope if it came with
 * params. Only what decodes under the signature is answered, else null.
 *
 * @param example the file as MLflow saved it: a frame as `{columns, data}`, arrays and objects as they are
 * @param serving the same as a body of `/invocations`, where MLflow wrote one
 */
export function exampleRequest(
  info: ExampleInfo,
  example: Uint8Array | null,
  serving: Uint8Array | null,
  signature: Signature | null,
): unknown {
  if (info.type.startsWith('sparse_matrix') && serving === null) return null;
  for (const found of [readSaved(serving, signature), readSaved(example, signature)]) {
    const body = found.find((candidate) => decodes(candidate, signature));
    if (body !== undefined) return body;
  }
  return null;
}

const codec = createServeCodec({ unknownFields: 'reject' });

function decodes(body: unknown, signature: Signature | null): boolean {
  try {
    const bytes = Buffer.from(writeJson(body));
    codec.decode({ body: bytes, contentType: null, query: new URLSearchParams() }, signature);
    return true;
  } catch {
    return false;
  }
}

/** Bodies that a saved example may stand for, the simplest first. */
function readSaved(file: Uint8Array | null, signature: Signature | null): readonly unknown[] {
  if (file === null) return [];
  let saved: unknown;
  try {
    saved = readJson(utf8Text(file), { number: integerOrNumber, nonFinite: true });
  } catch {
    return [];
  }
  const { data, params } = unwrap(saved, signature);
  const plain = [...bodiesOf(mapScalars(data, plainNumber), signature?.inputs ?? null)];
  const bodies = [...plain, ...plain.map((body) => mapScalars(body, plainBase64))];
  return params === undefined ? bodies : [...bodies.map((inputs) => ({ inputs, params })), ...bodies];
}

const formats = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;

/** MLflow wraps an example for its server under the format's name, and any example that has params. */
function unwrap(saved: unknown, signature: Signature | null): { data: unknown; params: unknown } {
  if (!isRecord(saved)) return { data: saved, params: undefined };
  const format = formats.find((name) => Object.hasOwn(saved, name));
  const others = Object.keys(saved).filter((key) => key !== format && key !== 'params');
  if (format !== undefined && others.length === 0) return { data: saved[format], params: saved['params'] };
  return splitParams(saved, signature);
}

/** The bodies with `messages`, `prompt` or `input` have their params beside the data. */
function splitParams(saved: UnknownRecord, signature: Signature | null): { data: unknown; params: unknown } {
  const names = new Set(signature?.params.map((param) => param.name));
  const entries = Object.entries(saved);
  const params = entries.filter(([name]) => names.has(name));
  if (params.length === 0) return { data: saved, params: undefined };
  return {
    data: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    params: Object.fromEntries(params),
  };
}

function* bodiesOf(data: unknown, schema: Schema | null): Generator {
  const rows = isFrame(data) ? frameRows(data, schema) : data;
  if (Array.isArray(rows) && rows.length === 1) yield rows[0] as unknown;
  yield rows;
  yield [rows];
  const turned = isRecord(rows) ? columnsToRows(rows) : [];
  if (turned.length === 1) yield turned[0];
  if (turned.length > 0) yield turned;
  const cells: readonly unknown[] = Array.isArray(rows) ? rows : [rows];
  if (schema?.named === true) yield cells.map((cell) => soleColumn(cell, schema));
}

interface Frame {
  readonly columns?: readonly unknown[];
  readonly data: readonly (readonly unknown[])[];
}

/** pandas' `split` orientation; without `columns` they are numbered. */
function isFrame(data: unknown): data is UnknownRecord & Frame {
  if (!isRecord(data) || !Array.isArray(data['data']) || !data['data'].every(Array.isArray)) return false;
  return Object.keys(data).every((key) => ['columns', 'data', 'index'].includes(key));
}

function frameRows({ columns, data }: Frame, schema: Schema | null): readonly unknown[] {
  if (schema?.named !== false) {
    return data.map((cells) =>
      Object.fromEntries(cells.map((cell, index) => [nameOf(columns?.[index], index), cell])),
    );
  }
  const width = schema.kind === 'columns' ? schema.columns.length : null;
  return width === 1 ? data.map((cells) => cells[0]) : data;
}

function nameOf(column: unknown, index: number): string {
  return typeof column === 'string' ? column : JSON.stringify(column ?? index);
}

/** `{a: [1, 2], b: [3, 4]}` as rows. */
function columnsToRows(columns: UnknownRecord): readonly unknown[] {
  const lists = Object.entries(columns).map(([name, list]) => ({ name, list }));
  const length = Array.isArray(lists[0]?.list) ? lists[0].list.length : 0;
  if (!lists.every(({ list }) => Array.isArray(list) && list.length === length)) return [];
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(lists.map(({ name, list }) => [name, (list as readonly unknown[])[row]])),
  );
}

/** A list for a schema of one named column holds its cells. */
function soleColumn(cell: unknown, schema: Schema): unknown {
  const [only, ...others] = schema.kind === 'columns' ? schema.columns : schema.tensors;
  return others.length === 0 ? { [only?.name ?? '']: cell } : cell;
}

/** A copy with every scalar replaced. */
function mapScalars(value: unknown, change: (scalar: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapScalars(item, change));
  if (!isRecord(value)) return change(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapScalars(member, change)]));
}

/** The numbers that Python's json writes though JSON has no words for them, as `/serve` takes them. */
function plainNumber(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return Number.isNaN(value) ? null : String(value);
}

/** MLflow writes bytes as base64 in lines, the last one ended too. */
function plainBase64(value: unknown): unknown {
  return typeof value === 'string' && base64Lines.test(value) ? value.replaceAll('\n', '') : value;
}

const base64Lines = /^[A-Za-z0-9+/\n]*={0,2}\n$/;
