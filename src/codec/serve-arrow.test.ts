import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ColumnSpec, DataType, Schema, TensorDtype } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { Payload, Vector } from '../payload/payload.ts';
import { signatureOf } from '../../test/support/typed-json.ts';
import { arrowType, asksForArrow } from './accept.ts';
import { createServeArrowCodec } from './serve-arrow.ts';

const files = join(import.meta.dirname, '../../test/data/arrow');
const codec = createServeArrowCodec({ unknownFields: 'reject' });

type Kinds = Readonly<Record<string, DataType['kind'] | DataType>>;

function columns(kinds: Kinds, required = true): Schema {
  const made = Object.entries(kinds).map(([name, type]): ColumnSpec => ({
    name,
    type: typeof type === 'string' ? ({ kind: type } as DataType) : type,
    required,
  }));
  return { kind: 'columns', named: true, columns: made };
}

const list = (items: DataType): DataType => ({ kind: 'array', items });

async function decoded(name: string, inputs: Schema | null, from = codec) {
  const body = await readFile(join(files, `${name}.arrows`));
  const request = { body, contentType: arrowType, query: new URLSearchParams() };
  return await from.decode(request, inputs === null ? null : signatureOf({ inputs }));
}

/** Cells by column, of a request that is one part. Columns that nobody asks for are let go. */
async function cells(name: string, inputs: Schema | null): Promise<Record<string, unknown>> {
  const { parts } = await decoded(name, inputs, createServeArrowCodec({ unknownFields: 'ignore' }));
  expect(parts.length).toBe(1);
  return cellsOf(parts[0]?.input);
}

function cellsOf(input: Payload | undefined): Record<string, unknown> {
  if (input?.kind !== 'table') return expect.unreachable('no table');
  return Object.fromEntries(input.columns.map((column) => [column.name ?? '', [...column.vector.data]]));
}

async function refusal(name: string, inputs: Schema, from = codec): Promise<CountersignError> {
  try {
    await decoded(name, inputs, from);
  } catch (thrown) {
    return CountersignError.from(thrown);
  }
  return expect.unreachable('not refused');
}

async function issues(name: string, inputs: Schema, from = codec): Promise<Record<string, string>> {
  const { code, facts } = await refusal(name, inputs, from);
  expect(code).toBe('INVALID_INPUT');
  return Object.fromEntries((facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
}

describe('columns of Arrow, as pyarrow writes them', () => {
  it('are read without loss, whatever their width', async () => {
    const kinds = {
      flag: 'boolean',
      small: 'integer',
      int: 'integer',
      long: 'long',
      unsigned: 'long',
      half: 'float',
      float: 'double',
      double: 'double',
      text: 'string',
      bytes: 'binary',
    } as const;
    expect(await cells('scalars', columns(kinds))).toEqual({
      flag: [1, 0],
      small: [-128, 127],
      int: [2147483647, -2147483648],
      long: [9007199254740993n, -(2n ** 63n)],
      unsigned: [4294967295n, 0n],
      half: [1.5, -2],
      float: [Math.fround(0.1), Infinity],
      double: [0.1, Number.NaN],
      text: ['Zürich 😀', ''],
      bytes: [Uint8Array.of(0, 255), new Uint8Array()],
    });
  });

  it('keep their times to the nanosecond, in UTC', async () => {
    const names = ['nanos', 'micros', 'millis', 'seconds', 'zoned', 'date', 'date64'];
    const three = BigInt(Date.UTC(2024, 0, 2, 3)) * 1_000_000n;
    const midnight = BigInt(Date.UTC(2024, 0, 2)) * 1_000_000n;
    expect(
      await cells('scalars', columns(Object.fromEntries(names.map((name) => [name, 'datetime'])))),
    ).toEqual({
      nanos: [1704164645123456789n, -1n],
      micros: [1704164645123456000n, -1000n],
      millis: [1704164645123000000n, -1000000n],
      seconds: [1704164645000000000n, -1000000000n],
      zoned: [three, three],
      date: [midnight, -86_400_000_000_000n],
      date64: [midnight, -86_400_000_000_000n],
    });
  });

  it('are texts and bytes in each of the ways that Arrow has for them', async () => {
    const kinds = {
      large: 'string',
      view: 'string',
      dictionary: 'string',
      large_bytes: 'binary',
      byte_view: 'binary',
      fixed: 'binary',
    } as const;
    expect(await cells('texts', columns(kinds))).toEqual({
      large: ['Zürich 😀', ''],
      view: ['Zürich 😀 and more than twelve bytes', 'short'],
      dictionary: ['b', 'a'],
      large_bytes: [Uint8Array.of(255), new Uint8Array()],
      byte_view: [new Uint8Array(20).fill(255), new Uint8Array()],
      fixed: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
    });
  });

  it('are nested values', async () => {
    const kinds: Kinds = {
      doubles: list({ kind: 'double' }),
      grid: list(list({ kind: 'long' })),
      view: list({ kind: 'integer' }),
      pair: list({ kind: 'integer' }),
      person: {
        kind: 'object',
        properties: [
          { name: 'name', type: { kind: 'string' }, required: true },
          { name: 'age', type: { kind: 'long' }, required: false },
        ],
      },
      counts: { kind: 'map', values: { kind: 'long' } },
      stamps: list({ kind: 'binary' }),
    };
    const read = await cells('nested', columns(kinds));
    const plain: unknown = JSON.parse(
      JSON.stringify(read, (_, value: unknown) =>
        typeof value === 'bigint' ? `${String(value)}n` : value instanceof Uint8Array ? [...value] : value,
      ),
    );
    expect(plain).toEqual({
      doubles: [[1, 2.5], []],
      grid: [[['1n'], ['2n', '3n']], [[]]],
      view: [[1, 2], [3]],
      pair: [
        [1, 2],
        [3, 4],
      ],
      person: [
        { name: 'Ann', age: '30n' },
        { name: 'Bo', age: null },
      ],
      counts: [{ a: '1n' }, { b: '2n', c: '3n' }],
      stamps: [[[255]], [[]]],
    });
  });

  it('are one column, however many batches they come in, and packed with ZSTD', async () => {
    const kinds = { n: 'long', word: 'string', kind: 'string' } as const;
    const words = Array.from({ length: 50 }, (_, n) => `ä${String(n % 7)}`);
    const expected = { n: Array.from({ length: 50 }, (_, n) => BigInt(n)), word: words, kind: words };
    expect(await cells('batches', columns(kinds))).toEqual(expected);
    expect(await cells('packed-zstd', columns(kinds))).toEqual(expected);
  });

  it('hold any value, with the extension for JSON the value that the text stands for', async () => {
    const [object, long] = (await cells('json', columns({ any: 'any' })))['any'] as unknown[];
    expect({ ...(object as object) }).toEqual({ a: [1, null] });
    expect(long).toBe(9007199254740993n);
  });

  it('are decimals where a number is wanted, rounded only to be a double', async () => {
    expect(await cells('decimal', columns({ n: 'double' }))).toEqual({ n: [1.1, -9007199254740992] });
    expect(await issues('decimal', columns({ n: 'long' }))).toEqual({
      '/0/n': 'expected an integer of 64 bits, got a fraction',
    });
  });
});

describe('nulls of Arrow', () => {
  it('are NaN in floats, required or not', async () => {
    expect(await cells('nulls', columns({ double: 'double' }))).toEqual({ double: [Number.NaN, 1.5] });
    expect(await cells('nulls', columns({ nothing: 'float' }))).toEqual({
      nothing: [Number.NaN, Number.NaN],
    });
  });

  it('are rows without the column where it may be absent', async () => {
    const { parts, rows } = await decoded(
      'nulls',
      columns(
        { double: 'double', long: 'long', text: 'string', nanos: 'datetime', nothing: 'string' },
        false,
      ),
    );
    expect(rows).toBe(2);
    expect(parts.map(({ positions }) => positions)).toEqual([[0], [1]]);
    const [first, second] = parts.map(({ input }) => cellsOf(input));
    expect(first).toEqual({ double: [Number.NaN], text: [null], nanos: [0n], nothing: [null] });
    expect(second).toEqual({ double: [1.5], long: [1n], text: ['a'], nanos: [0n], nothing: [null] });
  });

  it('are refused where the column is required, row by row', async () => {
    const kinds = {
      double: 'double',
      long: 'long',
      text: 'string',
      nanos: 'datetime',
      nothing: 'double',
    } as const;
    expect(await issues('nulls', columns(kinds))).toEqual({
      '/0/long': 'expected an integer of 64 bits, got null',
      '/0/text': 'expected a string, got null',
      '/0/nanos': 'expected a string with an ISO 8601 date and time, got null',
    });
  });
});

describe('what does not fit', () => {
  it('is a column that is missing, one that is unknown, and one that is there twice', async () => {
    expect(await issues('no-rows', columns({ m: 'long' }))).toEqual({
      '/m': 'required column is missing (long)',
      '/n': 'unknown field; did you mean `m`?',
    });
    expect(await issues('repeated', columns({ n: 'long' }))).toEqual({
      '/n': 'the column is there more than once',
    });
  });

  it('is a value of another type: none is cast', async () => {
    const lenient = createServeArrowCodec({ unknownFields: 'ignore' });
    const found = async (kinds: Kinds) => await issues('batches', columns(kinds), lenient);
    expect((await found({ n: 'string' }))['/0/n']).toBe('expected a string, got an integer of 1 digit');
    expect((await found({ word: 'boolean' }))['/0/word']).toBe(
      'expected true or false, got a string of 2 characters',
    );
    expect((await found({ kind: 'long' }))['/1/kind']).toBe(
      'expected an integer of 64 bits, got a string of 2 characters',
    );
  });

  it('is a number that the type cannot hold, bytes for a text, a time for a number', async () => {
    const wide = { long: 'integer', double: 'integer', bytes: 'string', nanos: 'long' } as const;
    const kinds = {
      ...Object.fromEntries((await names('scalars')).map((name) => [name, 'any'] as const)),
      ...wide,
    };
    expect(await issues('scalars', columns(kinds))).toEqual({
      '/0/long': 'expected an integer from -2147483648 to 2147483647, got a number beyond 2^53',
      '/1/long': 'expected an integer from -2147483648 to 2147483647, got a number beyond 2^53',
      '/0/double': 'expected an integer from -2147483648 to 2147483647, got a fraction',
      '/1/double': 'expected an integer from -2147483648 to 2147483647, got NaN',
      '/0/bytes': 'expected a string, got bytes',
      '/1/bytes': 'expected a string, got bytes',
      '/0/nanos': 'expected an integer of 64 bits, got a time',
      '/1/nanos': 'expected an integer of 64 bits, got a time',
      // Infinity and NaN are no value of JSON.
      '/1/float': 'expected a number within the range of doubles, got a number beyond 2^53',
    });
  });

  it('is a moment beyond 64-bit nanoseconds', async () => {
    expect(await issues('far', columns({ seconds: 'datetime' }))).toEqual({
      '/0/seconds':
        'expected a moment between 1677-09-21 and 2262-04-11 (64-bit nanoseconds), got a string of 20 characters',
    });
  });

  it('is a type that MLflow has nothing for, and a packing that is not read', async () => {
    expect(await refusal('others', columns({ time: 'string', span: 'long' }))).toMatchObject({
      code: 'INVALID_BODY',
      message: "The request body cannot be read: Arrow's type time is not read.",
    });
    expect((await refusal('packed-lz4', columns({ n: 'long' }))).message).toContain('packed with LZ4');
  });
});

describe('columns without names', () => {
  const unnamed = (...kinds: DataType['kind'][]): Schema => ({
    kind: 'columns',
    named: false,
    columns: kinds.map((kind) => ({ name: null, type: { kind } as DataType, required: true })),
  });

  it('go by their place', async () => {
    const { parts } = await decoded('batches', unnamed('long', 'string', 'string'));
    const [part] = parts;
    if (part?.input.kind !== 'table') return expect.unreachable('no table');
    expect(part.input.columns.map(({ name }) => name)).toEqual([null, null, null]);
    expect(part.input.columns[0]?.vector.data[49]).toBe(49n);
  });

  it('must be as many', async () => {
    expect(await issues('batches', unnamed('long'))).toEqual({ '': 'expected one column, got 3' });
    expect(await issues('no-rows', unnamed('long', 'long'))).toEqual({ '': 'expected 2 columns, got 1' });
  });
});

describe('tensors', () => {
  const named = (dtype: TensorDtype, shape: readonly number[], ...of: string[]): Schema => ({
    kind: 'tensors',
    named: true,
    tensors: of.map((name) => ({ name, dtype, shape })),
  });

  async function tensors(name: string, inputs: Schema): Promise<Record<string, [readonly number[], Vector]>> {
    const { parts } = await decoded(name, inputs, createServeArrowCodec({ unknownFields: 'ignore' }));
    const [part] = parts;
    if (parts.length !== 1 || part?.input.kind !== 'tensors') return expect.unreachable('no tensors');
    return Object.fromEntries(
      part.input.tensors.map((tensor) => [tensor.name ?? '', [tensor.shape, tensor.vector]]),
    );
  }

  it('are lists in each row, fixed in size or not, nested or flat', async () => {
    const all = ['extension', 'flat', 'fixed', 'lists'];
    const read = await tensors('tensors', named('float32', [-1, 2, 3], ...all));
    const data = Float32Array.from({ length: 12 }, (_, index) => index);
    expect(read).toEqual(
      Object.fromEntries(all.map((name) => [name, [[2, 2, 3], { dtype: 'float32', data }]])),
    );
  });

  it('are the values of a column where rows are single elements', async () => {
    expect(await tensors('scalars', named('int64', [-1], 'long'))).toEqual({
      long: [[2], { dtype: 'int64', data: BigInt64Array.of(9007199254740993n, -(2n ** 63n)) }],
    });
  });

  it('are columns side by side where rows are lists of single elements', async () => {
    const inputs: Schema = {
      kind: 'tensors',
      named: false,
      tensors: [{ name: null, dtype: 'int64', shape: [-1, 1] }],
    };
    expect(await issues('repeated', inputs)).toEqual({ '/0': 'expected a list of 1, got a list of 2' });
    const two = { ...inputs, tensors: [{ name: null, dtype: 'int64' as const, shape: [-1, 2] }] };
    expect(await tensors('repeated', two)).toEqual({
      '': [[1, 2], { dtype: 'int64', data: BigInt64Array.of(1n, 2n) }],
    });
  });

  it('say what does not fit, and where', async () => {
    expect(
      await issues('tensors', named('float32', [-1, 3, 2], 'fixed', 'flat', 'lists', 'extension')),
    ).toMatchObject({
      '/0/fixed': 'expected a list of 3, got a list of 2',
    });
    expect(await issues('no-rows', named('int8', [-1], 'm'))).toEqual({
      '/m': 'required column is missing',
      '/n': 'unknown field; did you mean `m`?',
    });
    expect(await issues('decimal', named('int8', [-1], 'n'))).toEqual({
      '/0/n': 'expected an integer from -128 to 127, got a fraction',
      '/1/n': 'expected an integer from -128 to 127, got a number beyond 2^53',
    });
  });
});

describe('a model without a signature', () => {
  it('gets the columns as what they are', async () => {
    const { parts, rows } = await decoded('scalars', null);
    expect(rows).toBeNull();
    const input = parts[0]?.input;
    if (input?.kind !== 'table') return expect.unreachable('no table');
    const dtypes = Object.fromEntries(input.columns.map(({ name, vector }) => [name ?? '', vector.dtype]));
    expect(dtypes).toMatchObject({
      flag: 'bool',
      small: 'int8',
      long: 'int64',
      unsigned: 'uint32',
      half: 'float16',
      text: 'str',
      bytes: 'bytes',
      zoned: 'datetime64',
    });
  });
});

describe('what the answer comes in', () => {
  it.each([
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['application/vnd.apache.arrow.stream', true],
    ['Application/VND.apache.arrow.stream; q=0.9', true],
    ['application/vnd.apache.arrow.stream, */*', true],
    ['application/vnd.apache.arrow.stream;q=0.5, application/json', false],
    ['application/json;q=0.5, application/vnd.apache.arrow.stream', true],
    ['application/vnd.apache.arrow.stream;q=0.5, */*;q=0.8', false],
    ['application/vnd.apache.arrow.stream;q=0', false],
    ['application/vnd.apache.arrow.stream;q=no', false],
    ['text/event-stream', false],
  ])('Accept: %s', (accept, isArrow) => {
    expect(asksForArrow(accept)).toBe(isArrow);
  });

  it('is JSON for an Arrow request that does not ask for more', async () => {
    const inputs = columns({ n: 'long' });
    const request = await decoded('no-rows', inputs);
    expect(codec.encode([], request, signatureOf({ inputs, outputs: inputs }))).toEqual({
      contentType: 'application/json',
      body: '[]',
    });
  });
});

async function names(file: string): Promise<readonly string[]> {
  return Object.keys(await cells(file, null));
}
