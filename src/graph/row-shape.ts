import type { DataType, Schema, TensorDtype, TensorSpec } from '../contract/signature.ts';

/** What one row of a schema looks like: an object of fields, or one bare value. */
export type RowShape =
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, Field> }
  | { readonly kind: 'bare'; readonly type: DataType };

export interface Field {
  readonly type: DataType;
  readonly required: boolean;
}

export function rowShape(schema: Schema): RowShape {
  const fields = schema.kind === 'columns' ? schema.columns : tensorFields(schema.tensors);
  if (schema.named) {
    const byName = fields.map(({ name, type, required }) => [name ?? '', { type, required }] as const);
    return { kind: 'record', fields: new Map(byName) };
  }
  const [only] = fields;
  const type = fields.length === 1 && only !== undefined ? only.type : listOfAny;
  return { kind: 'bare', type };
}

const listOfAny: DataType = { kind: 'array', items: { kind: 'any' } };

/** Where every first dimension is free, a row is what lies beneath it; else a row is the tensors whole. */
function tensorFields(tensors: readonly TensorSpec[]): readonly (Field & { readonly name: string | null })[] {
  const byRow = tensors.every(({ shape }) => shape[0] === -1);
  return tensors.map(({ name, dtype, shape }) => {
    const dimensions = byRow ? shape.slice(1) : shape;
    const cell: DataType = { kind: cellKinds[dtype] };
    return {
      name,
      type: dimensions.reduce<DataType>((items) => ({ kind: 'array', items }), cell),
      required: true,
    };
  });
}

const cellKinds = {
  bool: 'boolean',
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'long',
  uint8: 'integer',
  uint16: 'integer',
  uint32: 'long',
  uint64: 'long',
  float16: 'float',
  float32: 'float',
  float64: 'double',
  str: 'string',
  bytes: 'binary',
  object: 'any',
  datetime64: 'datetime',
} as const satisfies Readonly<Record<TensorDtype, string>>;
