import type { DataType, Schema, Signature, TensorDtype } from './signature.ts';

/** An example of more cells than this would be a wall of numbers in the docs. */
const mostCells = 1024;

/**
 * A valid row of `/serve`, made from the signature alone, for documents of a model that has no input example.
 * Undefined where the signature says nothing about inputs, or a row has more than 1024 cells.
 */
export function exampleRow(signature: Signature | null): unknown {
  const inputs = signature?.inputs ?? null;
  if (inputs === null || cellCount(inputs) > mostCells) return undefined;
  const row = inputs.kind === 'columns' ? columnCells(inputs.columns) : tensorCells(inputs.tensors);
  // fromEntries makes own properties, also of a column that is called __proto__.
  if (inputs.named) return Object.fromEntries(row);
  const cells = row.map(([, value]) => value);
  return cells.length === 1 ? cells[0] : cells;
}

type Row = readonly (readonly [name: string, value: unknown])[];

function columnCells(columns: Extract<Schema, { kind: 'columns' }>['columns']): Row {
  return columns.map((column) => [column.name ?? '', exampleValue(column.type)]);
}

function tensorCells(tensors: Extract<Schema, { kind: 'tensors' }>['tensors']): Row {
  const byRow = tensors.every((tensor) => tensor.shape[0] === -1);
  return tensors.map(({ name, dtype, shape }) => {
    const cell = exampleValue({ kind: cellKinds[dtype] });
    const dimensions = byRow ? shape.slice(1) : shape;
    return [name ?? '', dimensions.reduceRight<unknown>((inner, length) => lists(inner, length), cell)];
  });
}

/** A free dimension gets one item. */
function lists(item: unknown, length: number): readonly unknown[] {
  return Array.from({ length: length === -1 ? 1 : length }, () => item);
}

function cellCount(schema: Schema): number {
  if (schema.kind === 'columns') return schema.columns.length;
  const sizes = schema.tensors.map(({ shape }) =>
    shape.reduce((size, length) => size * (length === -1 ? 1 : length), 1),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function exampleValue(type: DataType): unknown {
  switch (type.kind) {
    case 'array':
      return [exampleValue(type.items)];
    case 'map':
      return { key: exampleValue(type.values) };
    case 'object':
      return Object.fromEntries(type.properties.map(({ name, type: inner }) => [name, exampleValue(inner)]));
    default:
      return examples[type.kind];
  }
}

type Plain = Exclude<DataType['kind'], 'array' | 'map' | 'object'>;

const examples: Readonly<Record<Plain, unknown>> = {
  boolean: true,
  integer: 1,
  long: 1,
  float: 0.5,
  double: 0.5,
  string: 'text',
  binary: 'aGVsbG8=',
  datetime: '2024-01-31T12:30:00Z',
  any: 'text',
};

const cellKinds: Readonly<Record<TensorDtype, Plain>> = {
  bool: 'boolean',
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'long',
  uint8: 'integer',
  uint16: 'integer',
  uint32: 'integer',
  uint64: 'long',
  float16: 'float',
  float32: 'float',
  float64: 'double',
  str: 'string',
  bytes: 'binary',
  object: 'any',
  datetime64: 'datetime',
};
