import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { DataType, ScalarName, Signature } from '../../contract/signature.ts';
import type { Payload } from '../../payload/payload.ts';
import { readParquetBody } from './read-parquet.ts';

const files = join(import.meta.dirname, '../../../test/data/parquet');

function signature(kinds: Readonly<Record<string, ScalarName | DataType>>, required = true): Signature {
  const columns = Object.entries(kinds).map(([name, type]) => ({
    name,
    type: typeof type === 'string' ? { kind: type } : type,
    required,
  }));
  return {
    inputs: { kind: 'columns', named: true, columns },
    outputs: null,
    params: [],
    fromTypeHint: false,
  };
}

async function payload(name: string, under: Signature | null): Promise<Payload | undefined> {
  const body = await readFile(join(files, `${name}.parquet`));
  return (await readParquetBody(body, under)).parts[0]?.input;
}

/** Cells by column. */
async function cells(name: string, under: Signature | null): Promise<Record<string, unknown>> {
  const read = await payload(name, under);
  if (read?.kind !== 'table') return expect.unreachable('no table');
  return Object.fromEntries(read.columns.map((column) => [column.name ?? '', [...column.vector.data]]));
}

const list = (items: DataType): DataType => ({ kind: 'array', items });

describe('columns of Parquet', () => {
  it('are read in full precision, whatever their width', async () => {
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
    expect(await cells('scalars', signature(kinds))).toEqual({
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
    const kinds = {
      nanos: 'datetime',
      micros: 'datetime',
      millis: 'datetime',
      zoned: 'datetime',
      date: 'datetime',
    } as const;
    const three = BigInt(Date.UTC(2024, 0, 2, 3)) * 1_000_000n;
    expect(await cells('scalars', signature(kinds))).toEqual({
      nanos: [1704164645123456789n, -1n],
      micros: [1704164645123456000n, -1000n],
      millis: [1704164645123000000n, -1000000n],
      zoned: [three, three],
      date: [BigInt(Date.UTC(2024, 0, 2)) * 1_000_000n, -86_400_000_000_000n],
    });
  });

  it('may be lists, objects, maps and lists of lists', async () => {
    const person: DataType = {
      kind: 'object',
      properties: [
        { name: 'name', type: { kind: 'string' }, required: true },
        { name: 'age', type: { kind: 'long' }, required: false },
      ],
    };
    const kinds = {
      doubles: list({ kind: 'double' }),
      grid: list(list({ kind: 'long' })),
      person,
      counts: { kind: 'map', values: { kind: 'long' } },
      stamps: list({ kind: 'binary' }),
    } as const;
    expect(await cells('nested', signature(kinds))).toEqual({
      doubles: [[1, 2.5], []],
      grid: [[[1n], [2n, 3n]], [[]]],
      person: [
        { name: 'Ann', age: 30n },
        { name: 'Bo', age: null },
      ],
      counts: [{ a: 1n }, { b: 2n, c: 3n }],
      stamps: [[Uint8Array.of(255)], [new Uint8Array()]],
    });
  });

  it('take nulls where the type has one', async () => {
    const optional = signature({ double: 'double', text: 'string', nanos: 'datetime' }, false);
    const read = await payload('nulls', optional);
    expect(read?.kind === 'table' && read.columns.map(({ nulls }) => nulls?.[0] ?? null)).toEqual([
      null,
      1,
      1,
    ]);
    await expect(cells('nulls', signature({ long: 'long' }, false))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it.each<[string, ScalarName]>([
    ['text', 'long'],
    ['text', 'binary'],
    ['bytes', 'string'],
    ['double', 'integer'],
    ['long', 'integer'],
    ['long', 'string'],
    ['nanos', 'string'],
    ['flag', 'long'],
  ])('of other values are refused: %s as %s', async (name, kind) => {
    await expect(cells('scalars', signature({ [name]: kind }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('are all there where no signature names them', async () => {
    expect(Object.keys(await cells('packed-none', null))).toEqual(['text', 'n']);
  });

  it('make up a tensor, row by row', async () => {
    const under: Signature = {
      inputs: { kind: 'tensors', named: false, tensors: [{ name: null, dtype: 'int64', shape: [-1] }] },
      outputs: null,
      params: [],
      fromTypeHint: false,
    };
    expect(await payload('version-2', under)).toMatchObject({ tensors: [{ shape: [5] }] });
  });
});

describe('a file of Parquet', () => {
  const texts = signature({ text: 'string', n: 'long' });

  it.each(['none', 'gzip', 'brotli', 'zstd'])('may be packed with %s', async (codec) => {
    const read = await cells(`packed-${codec}`, texts);
    expect(read['text']).toEqual(new Array(50).fill('abc'));
    expect(read['n']).toEqual(Array.from({ length: 50 }, (_, row) => BigInt(row)));
  });

  it('may have several row groups, pages of the second version, and no rows', async () => {
    expect(await cells('version-2', signature({ n: 'integer' }))).toEqual({ n: [0, 1, 2, 3, 4] });
    expect(await cells('no-rows', signature({ n: 'integer' }))).toEqual({ n: [] });
  });

  it('needs only the columns of the signature to be readable', async () => {
    expect(await cells('decimal', signature({ m: 'long' }))).toEqual({ m: [1n] });
    await expect(cells('decimal', signature({ n: 'double' }))).rejects.toThrow('DECIMAL');
    await expect(cells('times', signature({ t: 'long' }))).rejects.toThrow('TIME');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['packed with lz4', () => cells('packed-lz4', texts), 'BAD_REQUEST'],
    ['without a required column', () => cells('no-rows', texts), 'INVALID_PARAMETER_VALUE'],
    ['that is none', () => readParquetBody(Buffer.from('{"inputs": [1]}'), texts), 'BAD_REQUEST'],
    [
      'that is cut short',
      () => readParquetBody(Buffer.from('PAR1\x00\x00\x00\x7fPAR1'), texts),
      'BAD_REQUEST',
    ],
  ])('%s is refused', async (_, read, mlflowCode) => {
    await expect(read()).rejects.toMatchObject({ facts: { mlflowCode } });
  });

  it('whose bytes are damaged is refused, whichever byte it is', async () => {
    const whole = await readFile(join(files, 'packed-zstd.parquet'));
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      const outcome = await readParquetBody(damaged, texts).then(
        () => 'read',
        (error: unknown) => (error as { kind?: string }).kind,
      );
      expect(['read', 'invalid_argument']).toContain(outcome);
    }
  });
});
