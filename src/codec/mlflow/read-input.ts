import type { ColumnSchema, ColumnSpec, Schema } from '../../contract/signature.ts';
import type { Payload, Table } from '../../payload/payload.ts';
import { Faults } from '../values/faults.ts';
import { readCell } from '../values/read-column.ts';
import { isObject } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';
import { malformed, misfit, unreadable } from './fail.ts';
import { columnsFrame, type Frame, listFrame, parseRecords, recordsFrame, splitFrame } from './frame.ts';
import { inferTable, inferTensor, plain } from './infer.ts';
import { required } from './policy.ts';
import { readQuickSplit } from './quick-split.ts';
import { readTable } from './read-table.ts';
import { readTensorFrame, readTensorInputs } from './read-tensor.ts';

/** The fields that hold the data, one of them to a body. */
export const dataFields = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;
export type DataField = (typeof dataFields)[number];

/** The data of one field, under a schema or (null) as pandas and numpy would read it. */
export function readInput(schema: Schema | null, field: DataField, value: unknown): Payload {
  switch (field) {
    case 'dataframe_split':
      return readQuickSplit(schema, value) ?? readFrame(schema, splitFrame(value));
    case 'dataframe_records':
      return readFrame(schema, parseRecords(value));
    case 'instances':
      return readInstances(schema, value);
    case 'inputs':
      return readValues(schema, value, '/inputs');
  }
}

function readFrame(schema: Schema | null, frame: Frame): Payload {
  if (schema === null) return inferTable(frame);
  return schema.kind === 'columns' ? readTable(schema, frame, 'frame') : readTensorFrame(schema, frame);
}

function readValues(schema: Schema | null, value: unknown, at: string): Payload {
  if (schema === null) return inferValues(value);
  return schema.kind === 'columns'
    ? readColumnValues(schema, value, at)
    : readTensorInputs(schema, value, at);
}

function readInstances(schema: Schema | null, value: unknown): Payload {
  return readValues(schema, checkInstances(schema, value), '/instances');
}

/**
 * A list of objects under `instances` is columns, item by item, so that all must have the same members, or values
 * would slide into other rows (MLflow lets them). Under columns, that is the same as records.
 */
function checkInstances(schema: Schema | null, value: unknown): unknown {
  if (Array.isArray(value) && isObject(value[0])) {
    if (!value.every(isObject)) throw malformed('`instances` mixes objects with other values');
    const odd = unlikeName(value);
    if (odd !== null) throw unequal(schema, odd);
    if (schema?.kind === 'tensors' && !schema.named)
      throw misfit(Faults.of(expected('a list of lists', value[0]), '/instances/0'));
    return schema?.kind === 'columns' ? value : turn(value);
  }
  const lengths = Object.values(isObject(value) ? value : {}).flatMap((list) =>
    Array.isArray(list) ? [list.length] : [],
  );
  if (new Set(lengths).size > 1) throw malformed('the lists of `instances` are of different lengths');
  return value;
}

/** A name that some items have and others have not. */
function unlikeName(items: readonly Readonly<Record<string, unknown>>[]): string | null {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return names.find((name) => !items.every((item) => Object.hasOwn(item, name))) ?? null;
}

function unequal(schema: Schema | null, name: string): Error {
  const spec = schema?.kind === 'columns' ? schema.columns.find((column) => column.name === name) : undefined;
  const what = `some objects of \`instances\` have \`${name.slice(0, 100)}\`, others have not`;
  return spec === undefined || (spec.required && spec.type.kind !== 'array')
    ? malformed(what)
    : misfit(Faults.of(what, '/instances'));
}

function turn(items: readonly Readonly<Record<string, unknown>>[]): unknown {
  return Object.fromEntries(
    Object.keys(items[0] ?? {}).map((name) => [name, items.map((item) => item[name])]),
  );
}

function inferValues(value: unknown): Payload {
  if (isObject(value)) {
    const tensors = Object.entries(value).map(([name, item]) => inferTensor(name, item));
    const whole = tensors.filter((tensor) => tensor !== null);
    return whole.length === tensors.length && whole.length > 0
      ? { kind: 'tensors', tensors: whole }
      : { kind: 'value', value: plain(value) };
  }
  const isRecords = Array.isArray(value) && value.some(isObject);
  const tensor = isRecords ? null : inferTensor(null, value);
  if (tensor === null && !isRecords) throw malformed('lists of different lengths make no array');
  return tensor === null ? { kind: 'value', value: plain(value) } : { kind: 'tensors', tensors: [tensor] };
}

function readColumnValues(schema: ColumnSchema, value: unknown, at: string): Table {
  // Rows of `instances` are columns to MLflow.
  const ofRows = Array.isArray(value) && isObject(value[0]) && at === '/inputs';
  return readTable(schema, valuesFrame(schema, value, at), ofRows ? 'rows' : 'values');
}

function valuesFrame(schema: ColumnSchema, value: unknown, at: string): Frame {
  const names = schema.columns.map(({ name }) => name);
  if (isObject(value)) {
    if (schema.named) return memberFrame(schema, value, at);
    throw malformed(
      'the columns of the signature have no names, so that an object cannot be matched to them',
    );
  }
  if (!Array.isArray(value))
    return schema.named ? noNamesOfOne(schema, value, at) : listFrame([value], 1, at, names);
  if (schema.named && value.every(isObject) && (value.length > 0 || names.length > 1))
    return recordsFrame(value, at);
  if (schema.named && names.length > 1) return noNames(value, at);
  return listFrame(value, names.length, at, names);
}

/** MLflow makes a single value one of the first column, where it can, before it looks for names. */
function noNamesOfOne({ columns: [first] }: ColumnSchema, value: unknown, at: string): never {
  const takesAll = first === undefined || ['string', 'boolean', 'binary', 'any'].includes(first.type.kind);
  const read = takesAll ? null : readCell(first.type, value, required);
  if (!(read instanceof Faults)) return noNames(value, at);
  const faults = new Faults();
  faults.addAll(at, read);
  throw unreadable(faults);
}

function noNames(value: unknown, at: string): never {
  throw misfit(Faults.of(expected('columns by name', value), at));
}

/**
 * An object of columns is one row if a column of the signature is an array or an object, or if it has no lists;
 * else lists of one length.
 */
export function memberFrame(
  schema: ColumnSchema,
  value: Readonly<Record<string, unknown>>,
  at: string,
): Frame {
  const isRow = schema.columns.some(holdsStructure) || !Object.values(value).some(Array.isArray);
  if (isRow) return rowFrame(value, at);
  const frame = columnsFrame(value, at);
  if (frame === null) throw misfit(Faults.of('the columns are of different lengths', at));
  return frame;
}

export function rowFrame(value: Readonly<Record<string, unknown>>, at: string): Frame {
  const frame = recordsFrame([value], at);
  const columns = frame.columns.map((column) => ({
    ...column,
    pointer: () => column.pointer(0).replace(`${at}/0/`, `${at}/`),
  }));
  return { rows: 1, columns };
}

export function holdsStructure({ type }: ColumnSpec): boolean {
  return type.kind === 'array' || type.kind === 'object';
}
