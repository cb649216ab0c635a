import fc from 'fast-check';

import { isFixedVector } from '../../src/frames/vector.ts';
import {
  type Column,
  type Dtype,
  type Nested,
  type Payload,
  type Table,
  type Tensor,
  Timestamp,
  type Vector,
} from '../../src/payload/payload.ts';

const text = fc.string({ unit: 'binary' });
const loneSurrogate = fc.constantFrom('\ud83d', 'a\udc00b');
const name = fc.oneof(text, loneSurrogate, fc.constantFrom('__proto__', '$', ''));
const unsafe = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 80n), max: -(2n ** 53n) }),
);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Any nested value, in its normal form: integers beyond 2^53 are bigint, all others numbers. */
export const nested: fc.Arbitrary<Nested> = fc.letrec<{ nested: Nested }>((tie) => ({
  nested: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    unsafe,
    name,
    fc.uint8Array({ maxLength: 9 }),
    int64.map((nanoseconds) => new Timestamp(nanoseconds)),
    fc.array(tie('nested'), { maxLength: 4 }),
    fc.dictionary(name, tie('nested'), { maxKeys: 4 }),
  ),
})).nested;

const numbers = (length: number, options: fc.IntegerConstraints): fc.Arbitrary<number[]> =>
  fc.array(fc.integer(options), { minLength: length, maxLength: length });
const bigints = (length: number, min: bigint, max: bigint): fc.Arbitrary<bigint[]> =>
  fc.array(fc.bigInt({ min, max }), { minLength: length, maxLength: length });
const floats = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double(), { minLength: length, maxLength: length });
const cells = <Cell>(length: number, cell: fc.Arbitrary<Cell>): fc.Arbitrary<Cell[]> =>
  fc.array(cell, { minLength: length, maxLength: length });

const makers: Readonly<Record<Dtype, (length: number) => fc.Arbitrary<Vector>>> = {
  bool: (n) => numbers(n, { min: 0, max: 1 }).map((data) => ({ dtype: 'bool', data: Uint8Array.from(data) })),
  int8: (n) => numbers(n, {}).map((data) => ({ dtype: 'int8', data: Int8Array.from(data) })),
  int16: (n) => numbers(n, {}).map((data) => ({ dtype: 'int16', data: Int16Array.from(data) })),
  int32: (n) => numbers(n, {}).map((data) => ({ dtype: 'int32', data: Int32Array.from(data) })),
  uint8: (n) => numbers(n, {}).map((data) => ({ dtype: 'uint8', data: Uint8Array.from(data) })),
  uint16: (n) => numbers(n, {}).map((data) => ({ dtype: 'uint16', data: Uint16Array.from(data) })),
  uint32: (n) => numbers(n, {}).map((data) => ({ dtype: 'uint32', data: Uint32Array.from(data) })),
  int64: (n) =>
    bigints(n, -(2n ** 63n), 2n ** 63n - 1n).map((data) => ({
      dtype: 'int64',
      data: BigInt64Array.from(data),
    })),
  uint64: (n) =>
    bigints(n, 0n, 2n ** 64n - 1n).map((data) => ({ dtype: 'uint64', data: BigUint64Array.from(data) })),
  datetime64: (n) =>
    bigints(n, -(2n ** 63n) + 1n, 2n ** 63n - 1n).map((data) => ({
      dtype: 'datetime64',
      data: BigInt64Array.from(data),
    })),
  float16: (n) => floats(n).map((data) => ({ dtype: 'float16', data: Float16Array.from(data) })),
  float32: (n) => floats(n).map((data) => ({ dtype: 'float32', data: Float32Array.from(data) })),
  float64: (n) => floats(n).map((data) => ({ dtype: 'float64', data: Float64Array.from(data) })),
  str: (n) => cells(n, fc.option(fc.oneof(text, loneSurrogate))).map((data) => ({ dtype: 'str', data })),
  bytes: (n) =>
    cells(n, fc.option(fc.uint8Array({ maxLength: 9 }))).map((data) => ({ dtype: 'bytes', data })),
  object: (n) => cells(n, nested).map((data) => ({ dtype: 'object', data })),
};

const dtype: fc.Arbitrary<Dtype> = fc.constantFrom(...(Object.keys(makers) as Dtype[]));

const vector = (length: number): fc.Arbitrary<Vector> => dtype.chain((kind) => makers[kind](length));

/** Of text, bytes and nested cells the mask follows from the cells; of the others it is free. */
const column = (rows: number): fc.Arbitrary<Column> =>
  fc
    .tuple(fc.option(name), vector(rows), fc.option(numbers(rows, { min: 0, max: 1 })))
    .map(([label, data, mask]) => ({ name: label, vector: data, nulls: nullsOf(data, mask) }));

function nullsOf(data: Vector, mask: number[] | null): Uint8Array | null {
  if (isFixedVector(data)) return mask === null ? null : Uint8Array.from(mask);
  return data.data.includes(null) ? Uint8Array.from(data.data, (cell) => (cell === null ? 1 : 0)) : null;
}

export const table: fc.Arbitrary<Table> = fc
  .tuple(fc.nat({ max: 5 }), fc.boolean(), fc.boolean(), fc.boolean())
  .chain(([rows, series, labelled, arrays]) =>
    fc
      .tuple(
        fc.array(column(rows), { maxLength: series ? 1 : 6, minLength: series ? 1 : 0 }),
        fc.array(nested, { minLength: rows, maxLength: rows }),
      )
      .map(([columns, labels]) => ({
        kind: 'table',
        rows,
        columns,
        ...(series ? { series: true } : {}),
        ...(labelled ? { labels } : {}),
        ...(arrays ? { arrays: true } : {}),
      })),
  );

const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.option(name), fc.array(fc.nat({ max: 3 }), { maxLength: 3 }))
  .chain(([label, shape]) =>
    vector(shape.reduce((product, size) => product * size, 1)).map((data) => ({
      name: label,
      shape,
      vector: data,
    })),
  );

export const payload: fc.Arbitrary<Payload> = fc.oneof(
  table,
  fc.array(tensor, { minLength: 1, maxLength: 3 }).map((tensors): Payload => ({ kind: 'tensors', tensors })),
  nested.map((value): Payload => ({ kind: 'value', value })),
);
