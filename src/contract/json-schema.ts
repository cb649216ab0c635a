import { requestJson } from './request-json.ts';
import { paramDefault } from './param-default.ts';
import type { Side } from './inclusion.ts';
import { hasBareRow } from './scalar.ts';
import type { ColumnSchema, ParamSpec, Schema, Signature, TensorSpec } from './signature.ts';
import {
  columnSchema,
  dtypeSchema,
  objectSchema,
  orNull,
  typeSchema,
  type JsonSchema,
} from './type-schema.ts';

export { type JsonSchema } from './type-schema.ts';

/**
 * The body of `POST /serve`: a row or a list of rows, or either in the envelope `{"inputs", "params"}`. Where a
 * list could be taken for a row, only the list of rows; a tensor whose first dimension is fixed is one row.
 */
export function requestSchema(signature: Signature | null): JsonSchema {
  const inputs = signature?.inputs ?? null;
  if (inputs === null) return {};
  const bodies = bodySchemas(inputs);
  return oneOrMore(mayBeEnveloped(inputs) ? [...bodies, envelopeSchema(bodies, signature)] : bodies);
}

/** One row of the request; anything where the signature says nothing about inputs. */
export function rowSchema(signature: Signature | null): JsonSchema {
  const inputs = signature?.inputs ?? null;
  return inputs === null ? {} : anyRow(inputs, 'request');
}

/** The answer of `POST /serve`: a list with one output for each row. */
export function answerSchema(signature: Signature | null): JsonSchema {
  const outputs = signature?.outputs ?? null;
  return { type: 'array', items: outputs === null ? {} : anyRow(outputs, 'answer') };
}

/** The params as an object, each with its default; the query takes them under the same names. */
export function paramsSchema(signature: Signature | null): JsonSchema {
  const params = signature?.params ?? [];
  return objectSchema(params.map((param) => [param.name, { required: false }, paramSchema(param)]));
}

function paramSchema(param: ParamSpec): JsonSchema {
  const inner = typeSchema(param.type, 'request');
  const schema = param.array ? { type: 'array', items: inner } : inner;
  return { ...(param.default === null ? orNull(schema) : schema), default: requestJson(paramDefault(param)) };
}

function oneOrMore(schemas: readonly JsonSchema[]): JsonSchema {
  const [only] = schemas;
  return only !== undefined && schemas.length === 1 ? only : { anyOf: schemas };
}

function bodySchemas(inputs: Schema): readonly JsonSchema[] {
  const row = anyRow(inputs, 'request');
  const list = { type: 'array', items: row };
  switch (rowForm(inputs)) {
    case 'either':
      return [row, list];
    case 'list':
      return [list];
    case 'single':
      return [row];
  }
}

/** How a body holds rows: as one or a list of them, always as a list, or as the one row it is. */
function rowForm(inputs: Schema): 'either' | 'list' | 'single' {
  if (inputs.named) return 'either';
  if (inputs.kind === 'columns') return hasBareRow(inputs) ? 'either' : 'list';
  const [tensor] = inputs.tensors;
  if (tensor?.shape[0] !== -1) return 'single';
  return tensor.dtype === 'object' ? 'list' : 'either';
}

/** The envelope needs its two names for itself. */
function mayBeEnveloped(inputs: Schema): boolean {
  const specs = inputs.kind === 'columns' ? inputs.columns : inputs.tensors;
  return specs.every(({ name }) => name !== 'inputs' && name !== 'params');
}

function envelopeSchema(bodies: readonly JsonSchema[], signature: Signature | null): JsonSchema {
  return objectSchema([
    ['inputs', { required: true }, oneOrMore(bodies)],
    ['params', { required: false }, paramsSchema(signature)],
  ]);
}

function anyRow(schema: Schema, side: Side): JsonSchema {
  return schema.kind === 'columns'
    ? columnsRow(schema, side)
    : tensorsRow(schema.tensors, schema.named, side);
}

function columnsRow({ named, columns }: ColumnSchema, side: Side): JsonSchema {
  if (named) {
    return objectSchema(
      columns.map((column) => [column.name ?? '', column, columnSchema(column.type, column.required, side)]),
    );
  }
  const cells = columns.map((column) => columnSchema(column.type, column.required, side));
  const [only] = cells;
  if (only !== undefined && cells.length === 1) return only;
  return { type: 'array', prefixItems: cells, minItems: cells.length, maxItems: cells.length, items: false };
}

/** Where every first dimension is free, a row is what lies beneath it; else a row is the tensors whole. */
function tensorsRow(tensors: readonly TensorSpec[], named: boolean, side: Side): JsonSchema {
  const byRow = tensors.every((tensor) => tensor.shape[0] === -1);
  const members = tensors.map((tensor) => {
    const shape = byRow ? tensor.shape.slice(1) : tensor.shape;
    return [
      tensor.name ?? '',
      { required: true },
      nestedLists(shape, dtypeSchema(tensor.dtype, side)),
    ] as const;
  });
  const [only] = members;
  return named || only === undefined ? objectSchema(members) : only[2];
}

function nestedLists(shape: readonly number[], cell: JsonSchema): JsonSchema {
  return shape.reduceRight<JsonSchema>((items, length) => {
    const list = { type: 'array', items };
    return length === -1 ? list : { ...list, minItems: length, maxItems: length };
  }, cell);
}
