import fc from 'fast-check';
import type {
  ColumnSchema,
  ColumnSpec,
  DataType,
  ScalarName,
  Schema,
  TensorDtype,
  TensorSchema,
  TensorSpec,
} from '../../src/contract/signature.ts';
import { formatDatetime } from '../../src/payload/datetime.ts';
import { columnDtype, emptyVector } from '../../src/payload/dtypes.ts';
import {
  Timestamp,
  type Column,
  type Dtype,
  type Nested,
  type Payload,
  type Table,
  type Tensor,
  type Tensors,
  type Vector,
} from '../../src/payload/payload.ts';

const edges = <Value>(all: fc.Arbitrary<Value>, ...some: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 3, arbitrary: all }, { weight: 1, arbitrary: fc.constantFrom(...some) });

const int32 = edges(fc.integer(), 2 ** 31 - 1, -(2 ** 31));
const int64 = edges(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  5n,
);
const float32 = edges(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  2 ** 24 + 2,
  0,
  -1.5,
  (2 - 2 ** -23) * 2 ** 127,
);
const float64 = edges(fc.double({ noNaN: true, noDefaultInfinity: true }), 2 ** 53, 0, 0.1, 1e300);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('', 'NaN', 'Infinity', 'null'),
);
const bytes = fc.uint8Array({ maxLength: 5 });
// Within the years that the JSON Schema of a request admits, which are wholly within 64-bit nanoseconds.
const nanoseconds = fc.bigInt({ min: -9214560000000000000n, max: 9214646400000000000n - 1n });

/** Any JSON value, as a payload holds it. */
const anyValue: fc.Arbitrary<Nested> = fc.letrec<{ value: Nested }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), float64, text, fc.constant(2n ** 60n + 1n)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }).map((object) => prototypeless(Object.entries(object))),
  ),
})).value;

const scalars: Readonly<Record<ScalarName, fc.Arbitrary<Nested>>> = {
  boolean: fc.boolean(),
  integer: int32,
  long: int64,
  float: float32,
  double: float64,
  string: text,
  binary: bytes,
  datetime: nanoseconds.map((value) => new Timestamp(value)),
};

/** A value of the type as it stands inside lists and objects of a payload. */
export function nestedValue(type: DataType): fc.Arbitrary<Nested> {
  switch (type.kind) {
    case 'any':
      return anyValue;
    case 'array':
      return fc.array(nestedValue(type.items), { maxLength: 3 });
    case 'map':
      return fc
        .uniqueArray(fc.tuple(text, nestedValue(type.values)), { maxLength: 3, selector: ([key]) => key })
        .map(prototypeless);
    case 'object':
      return fc
        .tuple(...type.properties.map((property) => member(property)))
        .map((members) => prototypeless(members.flat()));
    default:
      return scalars[type.kind];
  }
}

/** None or one entry: an optional property may be absent, or null. */
function member(property: {
  name: string;
  type: DataType;
  required: boolean;
}): fc.Arbitrary<[string, Nested][]> {
  const there = nestedValue(property.type).map((value): [string, Nested][] => [[property.name, value]]);
  if (property.required) return there;
  return fc.oneof(
    there,
    fc.constant<[string, Nested][]>([]),
    fc.constant<[string, Nested][]>([[property.name, null]]),
  );
}

function prototypeless(entries: readonly (readonly [string, Nested])[]): Nested {
  const object = Object.create(null) as Record<string, Nested>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** A value of the type as a caller of `/serve` sends it: plain JSON, with longs beyond 2^53 as bigint. */
export function jsonValue(type: DataType): fc.Arbitrary<unknown> {
  return nestedValue(type).map(toJson);
}

function toJson(value: Nested): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Timestamp) return formatDatetime(value.nanoseconds);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return (value as readonly Nested[]).map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Nested>).map(([key, inner]) => [key, toJson(inner)]),
  );
}

/** A row of `/serve` that fits the schema. */
export function jsonRow(schema: Schema): fc.Arbitrary<unknown> {
  const members: readonly fc.Arbitrary<[string, unknown][]>[] =
    schema.kind === 'columns' ? schema.columns.map(jsonColumn) : jsonTensors(schema);
  return fc.tuple(...members).map((row) => {
    if (schema.named) return Object.fromEntries(row.flat());
    const cells = row.flat().map(([, cell]) => cell);
    return cells.length === 1 ? cells[0] : cells;
  });
}

function jsonColumn({ name, type, required }: ColumnSpec): fc.Arbitrary<[string, unknown][]> {
  const there = jsonCell(type).map((cell): [string, unknown][] => [[name ?? '', cell]]);
  if (required) return there;
  return fc.oneof(
    there,
    fc.constant<[string, unknown][]>([]),
    fc.constant<[string, unknown][]>([[name ?? '', null]]),
  );
}

function jsonCell(type: DataType): fc.Arbitrary<unknown> {
  if (type.kind !== 'float' && type.kind !== 'double') return jsonValue(type);
  return fc.oneof(
    { weight: 6, arbitrary: jsonValue(type) },
    { weight: 1, arbitrary: fc.constantFrom(null, 'Infinity', '-Infinity') },
  );
}

function jsonTensors(schema: TensorSchema): readonly fc.Arbitrary<[string, unknown][]>[] {
  const byRow = schema.tensors.every((tensor) => tensor.shape[0] === -1);
  return schema.tensors.map(({ name, dtype, shape }) =>
    jsonLists(byRow ? shape.slice(1) : shape, element(dtype).map(toJson)).map((cell) => [[name ?? '', cell]]),
  );
}

function jsonLists(shape: readonly number[], cell: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return shape.reduceRight<fc.Arbitrary<unknown>>((inner, length) => {
    const size = length === -1 ? 2 : length;
    return fc.array(inner, { minLength: size, maxLength: size });
  }, cell);
}

/** A payload of `rows` rows that fits the schema, as a codec makes one. */
export function payloadOf(schema: Schema, rows: number): fc.Arbitrary<Payload> {
  return schema.kind === 'columns' ? columnPayload(schema, rows) : tensorPayload(schema, rows);
}

/** A table; its optional columns may be there, all null, or absent. */
export function columnPayload(schema: ColumnSchema, rows: number): fc.Arbitrary<Table> {
  return fc
    .tuple(...schema.columns.map((spec) => tableColumn(spec, rows)))
    .map((columns) => ({ kind: 'table', rows, columns: columns.flat() }));
}

function tableColumn({ name, type, required }: ColumnSpec, rows: number): fc.Arbitrary<Column[]> {
  const dtype = columnDtype(type.kind);
  const cell = dtype.startsWith('float')
    ? fc.oneof(
        { weight: 6, arbitrary: nestedValue(type) },
        { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity) },
      )
    : nestedValue(type);
  const there = fc
    .array(cell, { minLength: rows, maxLength: rows })
    .map((cells): Column[] => [{ name, vector: vectorOf(dtype, cells), nulls: null }]);
  if (required) return there;
  const nulls = (): Column[] =>
    dtype.startsWith('float')
      ? [{ name, vector: vectorOf(dtype, new Array<Nested>(rows).fill(NaN)), nulls: null }]
      : [{ name, vector: emptyVector(dtype, rows), nulls: new Uint8Array(rows).fill(1) }];
  return fc.oneof({ weight: 4, arbitrary: there }, fc.constant<Column[]>([]), fc.constant(null).map(nulls));
}

/** Tensors whose free dimensions are `rows` (the first) and 2 (the others). */
export function tensorPayload(schema: TensorSchema, rows: number): fc.Arbitrary<Tensors> {
  return fc
    .tuple(...schema.tensors.map((spec) => tensorOf(spec, rows)))
    .map((tensors) => ({ kind: 'tensors', tensors }));
}

function tensorOf({ name, dtype, shape }: TensorSpec, rows: number): fc.Arbitrary<Tensor> {
  const fixed = shape.map((length, axis) => (length >= 0 ? length : axis === 0 ? rows : 2));
  const size = fixed.reduce((product, length) => product * length, 1);
  return fc
    .array(element(dtype), { minLength: size, maxLength: size })
    .map((cells) => ({ name, shape: fixed, vector: vectorOf(dtype, cells) }));
}

const elements: Readonly<Record<TensorDtype, fc.Arbitrary<Nested>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  int32,
  int64,
  uint8: fc.integer({ min: 0, max: 255 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float16: fc.constantFrom(0, 0.5, -1.5, 65504, 2048),
  float32,
  float64,
  str: text,
  bytes,
  object: anyValue,
  datetime64: scalars.datetime,
};

function element(dtype: TensorDtype): fc.Arbitrary<Nested> {
  return elements[dtype];
}

/** A vector of the cells, each in the form it has as a nested value. */
export function vectorOf(dtype: Dtype, cells: readonly Nested[]): Vector {
  const vector = emptyVector(dtype, cells.length);
  const data = vector.data as unknown as Record<number, unknown>;
  cells.forEach((cell, index) => {
    if (cell instanceof Timestamp) data[index] = dtype === 'object' ? cell : cell.nanoseconds;
    else data[index] = dtype === 'bool' ? Number(cell) : cell;
  });
  return vector;
}
