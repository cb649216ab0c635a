import { rowSchema } from '../../contract/json-schema.ts';
import type { ColumnSchema, Schema, Signature, TensorSchema } from '../../contract/signature.ts';
import { asList, asRecord, isRecord } from '../../util/unknown.ts';
import type { JsonSchema } from './openapi-types.ts';

/**
 * The body of `/invocations` in its simple forms. All that fits is taken, and in one way only; MLflow's protocol
 * takes much more (short rows, extra keys, nulls), so that what does not fit is not always refused. One thing no
 * schema can say: inside arrays and objects MLflow tells 2.0 from 2.
 */
export function invocationsSchema(signature: Signature | null): JsonSchema {
  const inputs = signature?.inputs ?? null;
  if (signature === null || inputs === null) return body('inputs', {});
  const params = signature.params.length === 0 ? {} : { params: paramsNamed(signature) };
  return { anyOf: forms(signature, inputs).map(([key, schema]) => body(key, plain(schema), params)) };
}

/** Named columns; models from type hints take `inputs` only, as MLflow has it. */
export function takesRecords({ inputs, fromTypeHint }: Signature): boolean {
  return inputs?.kind === 'columns' && inputs.named && !fromTypeHint;
}

function forms(signature: Signature, inputs: Schema): readonly (readonly [string, JsonSchema])[] {
  const row = rowSchema(signature);
  if (inputs.kind === 'tensors') return [['inputs', tensors(inputs, row)]];
  if (!takesRecords(signature)) return [['inputs', rowsOf(row)]];
  return [
    ['dataframe_records', rowsOf(row)],
    ['dataframe_split', split(inputs, row)],
  ];
}

function rowsOf(row: JsonSchema): JsonSchema {
  return { type: 'array', minItems: 1, items: row };
}

/** Every column in the order of the signature; each cell as in a row. */
function split({ columns }: ColumnSchema, row: JsonSchema): JsonSchema {
  const cells = asRecord(row['properties']);
  const names = columns.map(({ name }) => name ?? '');
  const prefixItems = columns.map(({ name }) => cells[name ?? ''] ?? {});
  const data = { type: 'array', prefixItems, items: false, minItems: names.length, maxItems: names.length };
  return {
    type: 'object',
    required: ['columns', 'data'],
    additionalProperties: false,
    properties: { columns: { const: names }, data: { type: 'array', items: data } },
  };
}

/** Whole tensors: where the first dimension is free, a list of what stands beneath it. */
function tensors({ named, tensors: specs }: TensorSchema, row: JsonSchema): JsonSchema {
  if (specs.some(({ shape }) => shape[0] !== -1)) return row;
  if (!named) return rowsOf(row);
  return { ...row, properties: mapValues(asRecord(row['properties']), (item) => rowsOf(asRecord(item))) };
}

function body(key: string, schema: JsonSchema, more: JsonSchema = {}): JsonSchema {
  const properties = { [key]: schema, ...more };
  return { type: 'object', required: [key], additionalProperties: false, properties };
}

/** By name only: MLflow refuses 2.0 for an integer param, which no schema can say. */
function paramsNamed({ params }: Signature): JsonSchema {
  const names = params.map(({ name }) => `\`${name}\``).join(', ');
  return { type: 'object', description: `Of ${names}; their types are those of the query of /serve.` };
}

/** The same schema without the texts that stand for infinities on /serve: here a number is a number. */
function plain(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, prefixItems, anyOf, ...rest } = schema;
  const alternatives = asList(anyOf).filter((each) => !isInfinities(each));
  const [only] = alternatives;
  return {
    ...rest,
    ...(isRecord(properties) ? { properties: mapValues(properties, plainIfSchema) } : {}),
    ...(items === undefined ? {} : { items: plainIfSchema(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: plainIfSchema(additionalProperties) }),
    ...(prefixItems === undefined ? {} : { prefixItems: asList(prefixItems).map(plainIfSchema) }),
    ...(alternatives.length > 1 ? { anyOf: alternatives.map(plainIfSchema) } : asRecord(plainIfSchema(only))),
  };
}

function plainIfSchema(value: unknown): unknown {
  return isRecord(value) ? plain(value) : value;
}

function mapValues(record: JsonSchema, change: (value: unknown) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function isInfinities(schema: unknown): boolean {
  return asList(asRecord(schema)['enum']).includes('Infinity');
}
