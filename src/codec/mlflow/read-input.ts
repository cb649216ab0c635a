import { type ColumnSchema, type ColumnSpec, type Schema } from '../../contract/signature.ts';
import { type Payload, type Table } from '../../payload/payload.ts';
import { Faults } from '../values/faults.ts';
import { isObject } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';
import { malformed, misfit } from './fail.ts';
import { columnsFrame, type Frame, listFrame, parseRecords, recordsFrame, splitFrame } from './frame.ts';
import { inferTable, inferTensor, plain } from './infer.ts';
import { readTable } from './read-table.ts';
import { readTensorFrame, readTensorInputs } from './read-tensor.ts';

/** The fields that hold the data, one of them to a body. */
export const dataFields = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;
export type DataField = (typeof dataFields)[number];

/** The data of one field, under a schema or (null) as pandas and numpy would read it. */
export function readInput(schema: Schema | null, field: DataField, value: unknown): Payload {
  switch (field) {
    case 'dataframe_split':
      return readFrame(schema, splitFrame(value));
    case 'dataframe_records':
      return readFrame(schema, parseRecords(value));
    case 'instances':
      return readValues(schema, turnInstances(value), '/instances');
    case 'inputs':
      return readValues(schema, value, '/inputs');
  }
}

function readFrame(schema: Schema | null, frame: Frame): Payload {
  if (schema === null) return inferTable(frame);
  return schema.kind === 'columns' ? readTable(schema, frame) : readTensorFrame(schema, frame);
}

function readValues(schema: Schema | null, value: unknown, at: string): Payload {
  if (schema === null) return inferValues(value);
  return schema.kind === 'columns'
    ? readColumnValues(schema, value, at)
    : readTensorInputs(schema, value, at);
}

/**
 * A list of objects under `instances` is columns: item by item, so that all must have the same members, or values
 * would slide into other rows (MLflow lets them).
 */
function turnInstances(value: unknown): unknown {
  if (!Array.isArray(value) || !isObject(value[0])) return value;
  if (!value.every(isObject)) throw malformed('`instances` mixes objects with other values');
  const names = Object.keys(value[0]);
  const alike = value.every(
    (item) => Object.keys(item).length === names.length && names.every((name) => Object.hasOwn(item, name)),
  );
  if (!alike) throw malformed('the objects of `instances` have different members');
  return Object.fromEntries(names.map((name) => [name, value.map((item) => item[name])]));
}

function inferValues(value: unknown): Payload {
  if (isObject(value)) {
    const tensors = Object.entries(value).map(([name, item]) => inferTensor(name, item));
    const whole = tensors.filter((tensor) => tensor !== null);
    return whole.length === tensors.length && whole.length > 0
      ? { kind: 'tensors', tensors: whole }
      : { kind: 'value', value: plain(value) };
  }
  const tensor = Array.isArray(value) && value.some(isObject) ? null : inferTensor(null, value);
  return tensor === null ? { kind: 'value', value: plain(value) } : { kind: 'tensors', tensors: [tensor] };
}

function readColumnValues(schema: ColumnSchema, value: unknown, at: string): Table {
  return readTable(schema, valuesFrame(schema, value, at));
}

function valuesFrame(schema: ColumnSchema, value: unknown, at: string): Frame {
  const names = schema.columns.map(({ name }) => name);
  if (isObject(value)) {
    if (schema.named) return memberFrame(schema, value, at);
    throw malformed(
      'the columns of the signature have no names, so that an object cannot be matched to them',
    );
  }
  if (!Array.isArray(value)) return schema.named ? noNames(value, at) : listFrame([value], 1, at, names);
  if (schema.named && value.every(isObject) && (value.length > 0 || names.length > 1))
    return recordsFrame(value, at);
  if (schema.named && names.length > 1) return noNames(value, at);
  return listFrame(value, names.length, at, names);
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
