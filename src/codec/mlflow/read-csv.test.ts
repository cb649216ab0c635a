import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DataType, ScalarName, Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { type Table, Timestamp } from '../../payload/payload.ts';
import { readCsvBody } from './read-csv.ts';

type Kinds = Readonly<Record<string, ScalarName | DataType>>;

function signature(kinds: Kinds, optional: readonly string[] = []): Signature {
  const columns = Object.entries(kinds).map(([name, type]) => ({
    name,
    type: typeof type === 'string' ? { kind: type } : type,
    required: !optional.includes(name),
  }));
  return {
    inputs: { kind: 'columns', named: true, columns },
    outputs: null,
    params: [],
    fromTypeHint: false,
  };
}

function table(csv: string | Uint8Array, under: Signature | null): Table {
  const bytes = typeof csv === 'string' ? Buffer.from(csv) : csv;
  const [part] = readCsvBody(bytes, under).parts;
  return part?.input.kind === 'table' ? part.input : expect.unreachable('no table');
}

/** Cells by column. */
function cells(csv: string, under: Signature | null): Record<string, unknown> {
  return Object.fromEntries(
    table(csv, under).columns.map(({ name, vector }) => [name ?? '', [...vector.data]]),
  );
}

function refusal(csv: string | Uint8Array, under: Signature | null): string {
  try {
    table(csv, under);
  } catch (error) {
    if (error instanceof CountersignError) return `${error.facts.mlflowCode ?? error.code} ${error.message}`;
    throw error;
  }
  return expect.unreachable('nothing was refused');
}

const oneOf = (kind: ScalarName): Signature => signature({ x: kind }, ['x']);

describe('cells of CSV', () => {
  it.each<[ScalarName, string, unknown]>([
    ['integer', '3', 3],
    ['integer', ' 3', 3],
    ['integer', '3.0', 3],
    ['integer', '+007', 7],
    ['long', '9007199254740993', 9007199254740993n],
    ['long', '1e+18', 10n ** 18n],
    ['long', '5.', 5n],
    ['double', '.5', 0.5],
    ['double', '1e400', Infinity],
    ['double', '-inf', -Infinity],
    ['double', '5e-324', 5e-324],
    ['double', '', Number.NaN],
    ['double', 'NA', Number.NaN],
    ['float', '16777217', 16777216],
    ['boolean', 'True', 1],
    ['boolean', 'false', 0],
    ['string', '00501', '00501'],
    ['string', ' a ', ' a '],
    ['string', 'null', Number.NaN],
    ['binary', 'aGVsbG8=', new Uint8Array(Buffer.from('hello'))],
    ['datetime', '1970-01-01T01:00:00+01:00', 0n],
  ])('a %s is read from %j', (kind, text, value) => {
    expect(cells(`x,k\n${text},1\n`, oneOf(kind))).toEqual({ x: [value] });
  });

  it.each<[ScalarName, string]>([
    ['integer', '1.7'],
    ['integer', '2147483648'],
    ['integer', 'True'],
    ['integer', '0x10'],
    ['integer', ''],
    ['long', '9223372036854775808'],
    ['double', 'True'],
    ['double', 'abc'],
    ['boolean', '1'],
    ['boolean', '0.0'],
    ['boolean', 'yes'],
    ['boolean', ''],
    ['binary', 'aGVsbG8'],
    ['datetime', '01/02/2024'],
    ['datetime', '1704164645'],
  ])('no %s is read from %j', (kind, text) => {
    expect(refusal(`x,k\n${text},1\n`, oneOf(kind))).toMatch(/^BAD_REQUEST .*\/0\/x|^BAD_REQUEST /);
  });

  it('nothing in a required column of strings is refused, where pandas would make it NaN', () => {
    expect(refusal('s\nNA\n', signature({ s: 'string' }))).toMatch(/^BAD_REQUEST/);
  });

  it('strings are objects to pandas, as it reads them under a signature', () => {
    expect(table('s\na\n', signature({ s: 'string' })).columns[0]?.vector.dtype).toBe('object');
  });

  it('any string, number and time that is written is read as itself', () => {
    const row = fc.record({
      s: fc
        .string({ unit: 'grapheme' })
        .filter((text) => text.trim() !== '' && !/^(NA|null|None|nan|NaN)$/.test(text)),
      l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      d: fc.double(),
      t: fc.bigInt({ min: 0n, max: 10n ** 18n }).map((ns) => new Timestamp(ns - (ns % 1_000_000n))),
    });
    const under = signature({ s: 'string', l: 'long', d: 'double', t: 'datetime' });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, end) => {
          const lines = rows.map(({ s, l, d, t }) => {
            const iso = new Date(Number(t.nanoseconds / 1_000_000n)).toISOString();
            return [`"${s.replaceAll('"', '""')}"`, String(l), pythonFloat(d), iso].join(',');
          });
          expect(cells(['s,l,d,t', ...lines, ''].join(end), under)).toEqual({
            s: rows.map(({ s }) => s),
            l: rows.map(({ l }) => l),
            d: rows.map(({ d }) => d),
            t: rows.map(({ t }) => t.nanoseconds),
          });
        },
      ),
    );
  });
});

describe('a body of CSV', () => {
  const under = signature({ a: 'long', b: 'string' }, ['b']);

  it('has its columns by name, in any order, and may have more', () => {
    expect(cells('b,zz,a\nx,1,2\n', under)).toEqual({ a: [2n], b: ['x'] });
  });

  it('may leave optional columns out, and end in a short row', () => {
    expect(cells('a\n1\n', under)).toEqual({ a: [1n] });
    expect(cells('a,b\n1\n', under)).toEqual({ a: [1n], b: [Number.NaN] });
  });

  it('is quoted as RFC 4180 says, and may have a byte order mark and empty lines', () => {
    expect(cells('\uFEFFa,b\r\n\r\n1,"x ""y"",\nz"\r\n   \r\n', under)).toEqual({
      a: [1n],
      b: ['x "y",\nz'],
    });
  });

  it('keeps a quote within a bare cell', () => {
    expect(cells('a,b\n1,5" pipe\n', under)).toEqual({ a: [1n], b: ['5" pipe'] });
  });

  it('names repeated and unnamed columns as pandas does', () => {
    expect(cells('a,a,,a.1\n1,2,3,4\n', null)).toEqual({
      a: [1n],
      'a.2': [2n],
      'Unnamed: 2': [3n],
      'a.1': [4n],
    });
  });

  it.each<[string, string | Uint8Array, string]>([
    ['without a required column', 'b\nx\n', 'INVALID_PARAMETER_VALUE'],
    ['without a header', '1,x\n', 'INVALID_PARAMETER_VALUE'],
    ['that is empty', '', 'BAD_REQUEST'],
    ['with a row longer than the header', 'a,b\n1,x,y\n', 'BAD_REQUEST'],
    ['with a quote left open', 'a,b\n1,"x\n', 'BAD_REQUEST'],
  ])('%s is refused', (_, csv, code) => {
    expect(refusal(csv, under)).toMatch(new RegExp(`^${code} `));
  });

  it('that is not UTF-8 is refused', () => {
    expect(refusal(Uint8Array.of(0x61, 0x0a, 0xff), under)).toMatch(/UTF-8/);
  });

  it('cannot say arrays, objects or tensors', () => {
    const array: DataType = { kind: 'array', items: { kind: 'long' } };
    expect(refusal('a\n[1]\n', signature({ a: array }))).toMatch(/^BAD_REQUEST/);
    const tensor: Signature = {
      inputs: { kind: 'tensors', named: false, tensors: [{ name: null, dtype: 'float32', shape: [-1, 2] }] },
      outputs: null,
      params: [],
      fromTypeHint: false,
    };
    expect(refusal('a,b\n1,2\n', tensor)).toMatch(/^BAD_REQUEST/);
  });

  it('goes by position where the signature has no names', () => {
    const unnamed: Signature = {
      inputs: {
        kind: 'columns',
        named: false,
        columns: [{ name: null, type: { kind: 'long' }, required: true }],
      },
      outputs: null,
      params: [],
      fromTypeHint: false,
    };
    expect(cells('x\n9007199254740993\n', unnamed)).toEqual({ '': [9007199254740993n] });
  });

  it('without a signature has the types that pandas would find', () => {
    expect(cells('i,f,b,s\n1,,True,x\n2,2.5,False,\n', null)).toEqual({
      i: [1n, 2n],
      f: [Number.NaN, 2.5],
      b: [1, 0],
      s: ['x', null],
    });
  });
});

function pythonFloat(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}
