import { describe, expect, it } from 'vitest';
import { signatureOf } from '../../test/support/typed-json.ts';
import type { ColumnSpec, DataType, ParamSpec, Schema, Signature } from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { type Nested, type Payload, Timestamp } from '../payload/payload.ts';
import type { DecodedRequest } from './codec.ts';
import { createMlflowCodec } from './mlflow.ts';

const codec = createMlflowCodec();

function columns(
  types: Readonly<Record<string, DataType['kind'] | DataType>>,
  optional: readonly string[] = [],
): Schema {
  const specs = Object.entries(types).map(([name, type]): ColumnSpec => ({
    name,
    type: typeof type === 'string' ? ({ kind: type } as DataType) : type,
    required: !optional.includes(name),
  }));
  return { kind: 'columns', named: true, columns: specs };
}

const matrix: Schema = {
  kind: 'tensors',
  named: false,
  tensors: [{ name: null, dtype: 'float32', shape: [-1, 2] }],
};
const named: Schema = {
  kind: 'tensors',
  named: true,
  tensors: [
    { name: 'a', dtype: 'float64', shape: [-1, 2] },
    { name: 'b', dtype: 'int64', shape: [-1] },
  ],
};

function decodeUnder(
  signature: Signature | null,
  body: string | Uint8Array,
  contentType: string | null = 'application/json',
): DecodedRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const decoded = codec.decode({ body: bytes, contentType, query: new URLSearchParams() }, signature);
  return decoded instanceof Promise ? expect.unreachable('only Parquet takes time') : decoded;
}

function decode(inputs: Schema | null, body: unknown, params: readonly ParamSpec[] = []): DecodedRequest {
  return decodeUnder(signatureOf({ inputs, params }), typeof body === 'string' ? body : JSON.stringify(body));
}

/** What the model is asked, by name: cells, or nested values. */
function seen(inputs: Schema | null, body: unknown): unknown {
  const input = decode(inputs, body).parts[0]?.input;
  if (input?.kind === 'table')
    return Object.fromEntries(input.columns.map(({ name, vector }) => [name, [...vector.data]]));
  if (input?.kind === 'tensors')
    return input.tensors.map(({ name, shape, vector }) => ({ name, shape, cells: [...vector.data] }));
  return input?.value;
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { status, facts } = CountersignError.from(error);
    return `${String(status)} ${facts.mlflowCode ?? ''}`.trim();
  }
  return 'none';
}

const unreadable = '400 BAD_REQUEST';
const misfit = '400 INVALID_PARAMETER_VALUE';

describe('the forms of /invocations', () => {
  const schema = columns({ x: 'double', s: 'string' }, ['s']);
  const table = { x: [1, 2], s: ['a', 'b'] };

  it.each([
    [
      {
        dataframe_split: {
          columns: ['s', 'x'],
          data: [
            ['a', 1],
            ['b', 2],
          ],
        },
      },
    ],
    [
      {
        dataframe_split: {
          columns: ['x', 'extra', 's'],
          index: [7, 8],
          data: [
            [1, 0, 'a'],
            [2, 0, 'b'],
          ],
        },
      },
    ],
    [
      {
        dataframe_records: [
          { x: 1, s: 'a' },
          { s: 'b', x: 2 },
        ],
      },
    ],
    [{ inputs: { x: [1, 2], s: ['a', 'b'] } }],
    [
      {
        inputs: [
          { x: 1, s: 'a' },
          { x: 2, s: 'b' },
        ],
      },
    ],
    [
      {
        instances: [
          { x: 1, s: 'a' },
          { x: 2, s: 'b' },
        ],
      },
    ],
    [{ instances: { x: [1, 2], s: ['a', 'b'] }, signature_name: 'ignored' }],
  ])('read one table from %j', (body) => {
    expect(seen(schema, body)).toEqual(table);
  });

  it('match a bare list to the only column, and objects without lists to one row', () => {
    expect(seen(columns({ s: 'string' }), { inputs: ['a', 'b'] })).toEqual({ s: ['a', 'b'] });
    expect(seen(schema, { inputs: { x: 1, s: 'a' } })).toEqual({ x: [1], s: ['a'] });
  });

  it('fill what records and short rows lack, where the column may be null', () => {
    const filled = { x: [1, 2], s: ['a', null] };
    expect(seen(schema, { dataframe_records: [{ x: 1, s: 'a' }, { x: 2 }] })).toEqual(filled);
    expect(seen(schema, { dataframe_split: { columns: ['x', 's'], data: [[1, 'a'], [2]] } })).toEqual(filled);
  });

  it.each([
    [{}, unreadable],
    [[], unreadable],
    [{ inputs: [], instances: [] }, unreadable],
    [{ dataframe_split: { columns: ['x'] } }, unreadable],
    [{ dataframe_split: { columns: ['x'], data: [[]] } }, unreadable],
    [{ dataframe_split: { columns: ['x'], data: [[1, 2]] } }, unreadable],
    [{ dataframe_split: { columns: ['x', 'x'], data: [[1, 2]] } }, misfit],
    [{ dataframe_split: { columns: ['s'], data: [['a']] } }, misfit],
    [{ dataframe_records: [[1, 'a']] }, misfit],
    [{ inputs: { x: [1, 2], s: ['a'] } }, misfit],
    [{ instances: { x: [1, 2], s: ['a'] } }, unreadable],
    [{ instances: [{ x: 1, s: 'a' }, { x: 2 }] }, misfit],
  ])('refuse %j', (body, expected) => {
    expect(failure(() => decode(schema, body))).toBe(expected);
  });

  it('read a large frame', () => {
    const data = Array.from({ length: 200_000 }, () => [1]);
    expect(
      decode(columns({ x: 'double' }), { dataframe_split: { columns: ['x'], data } }).parts[0]?.input,
    ).toMatchObject({
      rows: 200_000,
    });
  });
});

describe('values of /invocations', () => {
  const types = columns(
    {
      b: 'boolean',
      i: 'integer',
      l: 'long',
      f: 'float',
      d: 'double',
      s: 'string',
      z: 'binary',
      t: 'datetime',
    },
    ['b', 'i', 'l', 'f', 'd', 's', 'z', 't'],
  );
  const split = (name: string, ...cells: readonly string[]): string =>
    `{"dataframe_split": {"columns": ["${name}"], "data": [${cells.map((cell) => `[${cell}]`).join(',')}]}}`;

  it.each([
    ['l', '9007199254740993', 9007199254740993n],
    ['i', '1.0', 1],
    ['d', 'NaN', Number.NaN],
    ['d', '-Infinity', -Infinity],
    ['d', '1e400', Infinity],
    ['f', '1e39', Infinity],
    ['d', 'null', Number.NaN],
    ['s', 'null', null],
    ['z', '"aGVsbG8=\\n"', new TextEncoder().encode('hello')],
    ['t', '"2024-01-02 03:04:05.123456789"', 1704164645123456789n],
  ])('%s takes %s', (name, cell, expected) => {
    expect(seen(types, split(name, cell))).toEqual({ [name]: [expected] });
  });

  it.each([
    ['b', '"false"', unreadable],
    ['b', 'null', unreadable],
    ['i', '1.5', unreadable],
    ['i', '2147483648', unreadable],
    ['i', 'null', unreadable],
    ['l', '9223372036854775808', unreadable],
    ['d', `1${'0'.repeat(400)}`, unreadable],
    ['d', '"1.5"', unreadable],
    ['s', '5', unreadable],
    ['t', '"2024-01-02T00:00:00Z"', misfit],
    ['t', '1700000000', unreadable],
  ])('%s refuses %s, which MLflow would change or refuse', (name, cell, expected) => {
    expect(failure(() => decode(types, split(name, cell)))).toBe(expected);
  });

  it('take one form of datetime in a frame, and any under inputs', () => {
    expect(failure(() => decode(types, split('t', '"2024-01-02"', '"2024-01-02T00:00:00"')))).toBe(
      unreadable,
    );
    expect(seen(types, { inputs: { t: ['1970-01-01T01:00:00+01:00', '1970-01-01'] } })).toEqual({
      t: [0n, 0n],
    });
  });

  it('keep ints and floats apart within lists and objects, as MLflow does', () => {
    const nested = columns(
      { v: { kind: 'array', items: { kind: 'double' } }, l: { kind: 'array', items: { kind: 'long' } } },
      ['v', 'l'],
    );
    expect(seen(nested, '{"inputs": {"v": [1, 2.5], "l": [1, 2]}}')).toEqual({
      v: [[1, 2.5]],
      l: [[1n, 2n]],
    });
    expect(failure(() => decode(nested, '{"inputs": {"v": [1, 2]}}'))).toBe(unreadable);
    expect(failure(() => decode(nested, '{"inputs": {"l": [1.0]}}'))).toBe(unreadable);
    expect(seen(nested, '{"instances": [{"v": [1.5]}]}')).toEqual({ v: [[1.5]] });
  });
});

describe('tensors of /invocations', () => {
  it('come as nested lists, or as columns of a frame', () => {
    const cells = [{ name: null, shape: [2, 2], cells: [1, 2, 3, 4] }];
    expect(
      seen(matrix, {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual(cells);
    expect(
      seen(matrix, {
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual(cells);
    expect(
      seen(matrix, {
        dataframe_split: {
          columns: ['p', 'q'],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      }),
    ).toEqual(cells);
    expect(seen(matrix, { dataframe_split: { columns: ['c'], data: [[[1, 2]], [[3, 4]]] } })).toEqual(cells);
  });

  it('come by name, whole or item by item', () => {
    const cells = [
      { name: 'a', shape: [2, 2], cells: [1, 2, 3, 4] },
      { name: 'b', shape: [2], cells: [5n, 6n] },
    ];
    expect(
      seen(named, {
        inputs: {
          a: [
            [1, 2],
            [3, 4],
          ],
          b: [5, 6],
          other: 'x',
        },
      }),
    ).toEqual(cells);
    expect(
      seen(named, {
        instances: [
          { a: [1, 2], b: 5 },
          { a: [3, 4], b: 6 },
        ],
      }),
    ).toEqual(cells);
    expect(
      seen(named, {
        dataframe_records: [
          { a: [1, 2], b: 5 },
          { a: [3, 4], b: 6 },
        ],
      }),
    ).toEqual(cells);
  });

  it.each([
    [matrix, { inputs: [[1, 2], [3]] }, unreadable],
    [matrix, { inputs: [[1, 'x']] }, unreadable],
    [matrix, { inputs: [[1, 2, 3]] }, misfit],
    [matrix, { inputs: [1, 2] }, misfit],
    [matrix, { inputs: { a: [1] } }, unreadable],
    [matrix, { dataframe_split: { columns: ['c'], data: [] } }, unreadable],
    [named, { inputs: { a: [[1, 2]] } }, misfit],
    [named, { inputs: { a: [[1, 2]], b: [1.5] } }, unreadable],
    [named, { inputs: [[1, 2]] }, misfit],
  ])('under %j refuse %j', (schema, body, expected) => {
    expect(failure(() => decode(schema, body))).toBe(expected);
  });
});

describe('bodies without a format', () => {
  it('are the data itself where they look like a chat, a completion or an embedding', () => {
    const prompt = columns({ prompt: 'string' });
    const params: ParamSpec[] = [
      { name: 'temperature', type: { kind: 'double' }, array: false, default: 0.5 },
    ];
    const decoded = decode(prompt, { prompt: 'hi', temperature: 1, other: true }, params);
    expect(decoded.parts[0]?.input).toMatchObject({ rows: 1, columns: [{ vector: { data: ['hi'] } }] });
    expect(decoded.params.get('temperature')).toBe(1);
    const { body } = codec.encode([{ kind: 'value', value: 'hello' }], decoded, null);
    expect(body).toBe('"hello"');
  });

  it('go raw to models of type hints and without a signature', () => {
    const hinted = signatureOf({ inputs: columns({ x: 'string' }), fromTypeHint: true });
    const value = (body: string): unknown => decodeUnder(hinted, body).parts[0]?.input;
    expect(value('{"inputs": ["a", 9007199254740993]}')).toEqual({
      kind: 'value',
      value: ['a', 9007199254740993n],
    });
    expect(failure(() => value('{"instances": ["a"]}'))).toBe(misfit);
    expect(decodeUnder(null, '{"messages": []}').parts[0]?.input).toMatchObject({
      kind: 'value',
      value: { messages: [] },
    });
  });
});

describe('a model without a signature', () => {
  it('gets the dtypes that pandas and numpy would infer', () => {
    const { parts } = decodeUnder(
      null,
      '{"dataframe_records": [{"i": 1, "f": 1.0, "n": null, "s": "x", "b": true, "m": 1}, {"i": 2, "f": 2, "n": 3, "s": "y", "b": false, "m": "x"}]}',
    );
    const input = parts[0]?.input;
    expect(input?.kind === 'table' && input.columns.map(({ name, vector }) => [name, vector.dtype])).toEqual([
      ['i', 'int64'],
      ['f', 'float64'],
      ['n', 'float64'],
      ['s', 'str'],
      ['b', 'bool'],
      ['m', 'object'],
    ]);
    expect(decodeUnder(null, '{"inputs": [[1, 2], [3, 4]]}').parts[0]?.input).toMatchObject({
      tensors: [{ name: null, shape: [2, 2], vector: { dtype: 'int64' } }],
    });
    expect(failure(() => decodeUnder(null, '{"inputs": [[1], [2, 3]]}'))).toBe(unreadable);
  });
});

describe('params of /invocations', () => {
  const specs: readonly ParamSpec[] = [
    { name: 'n', type: { kind: 'integer' }, array: false, default: 1 },
    { name: 'l', type: { kind: 'long' }, array: true, default: [1] },
    { name: 'd', type: { kind: 'double' }, array: false, default: 0.5 },
    { name: 't', type: { kind: 'datetime' }, array: false, default: '2024-01-02T03:04:05' },
  ];
  const read = (params: string): ReadonlyMap<string, Nested> =>
    decode(columns({ x: 'double' }), `{"inputs": [1.5], "params": ${params}}`, specs).params;

  it('are checked by their Python type; unknown ones are dropped, null is None', () => {
    expect(
      Object.fromEntries(read('{"n": 1180591620717411303424, "l": [1, null], "d": 2, "zzz": 1}')),
    ).toEqual({
      n: 1180591620717411303424n,
      l: [1n, null],
      d: 2,
      t: new Timestamp(1704164645000000000n),
    });
    expect(read('{"d": null}').get('d')).toBeNull();
    expect(read('null').get('d')).toBe(0.5);
  });

  it.each([
    '{"n": 1.0}',
    '{"n": true}',
    '{"l": 1}',
    '{"l": [1.5]}',
    '{"d": "1"}',
    '{"t": "2024-01-02T00:00:00.000000001"}',
    '[]',
  ])('refuse %s', (params) => {
    expect(failure(() => read(params))).toBe('400');
  });

  it('are ignored by a model that declares none', () => {
    expect(decode(columns({ x: 'double' }), '{"inputs": [1], "params": "x"}').params.size).toBe(0);
  });
});

describe('what the model gets beside the values', () => {
  const lists = columns({ v: { kind: 'array', items: { kind: 'double' } } });
  const tableOf = (inputs: Schema, body: unknown): unknown => decode(inputs, body).parts[0]?.input;

  it('are the labels of the rows, where they are not their numbers', () => {
    const labelled = (index: unknown): unknown =>
      tableOf(columns({ x: 'double' }), { dataframe_split: { columns: ['x'], data: [[1], [2]], index } });
    expect(labelled(['r0', null])).toMatchObject({ labels: ['r0', null] });
    expect(labelled([0, 1])).not.toHaveProperty('labels');
    expect(labelled(null)).not.toHaveProperty('labels');
  });

  it('is whether lists are arrays of NumPy, as `inputs` makes them and frames do not', () => {
    expect(tableOf(lists, { inputs: [{ v: [1.5] }] })).toHaveProperty('arrays', true);
    expect(tableOf(lists, { dataframe_records: [{ v: [1.5] }] })).not.toHaveProperty('arrays');
    expect(tableOf(columns({ x: 'double' }), { inputs: [{ x: 1 }] })).not.toHaveProperty('arrays');
  });
});

describe('what comes before the data', () => {
  it.each([
    null,
    'text/plain',
    'application/parquet',
    'Application/json',
    'application/json;',
    'application/json; charset=latin1',
    'application/json; Charset=utf-8',
  ])('refuses the content type %j', (contentType) => {
    expect(failure(() => decodeUnder(null, '{"inputs": 1}', contentType))).toBe('415');
  });

  it.each(['application/json', 'application/json; charset=UTF-8', 'application/json ;charset=utf-8'])(
    'takes %j',
    (contentType) => {
      expect(decodeUnder(null, '{"inputs": 1}', contentType).parts).toHaveLength(1);
    },
  );

  it('reads UTF-8, 16 and 32 as Python does', () => {
    const text = '{"inputs": "é😀"}';
    const utf32 = Buffer.concat(
      Array.from(text).map((character) => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(character.codePointAt(0) ?? 0);
        return bytes;
      }),
    );
    const bodies = [
      Buffer.from(text),
      Buffer.from(`\uFEFF${text}`),
      Buffer.from(text, 'utf16le'),
      Buffer.from(text, 'utf16le').swap16(),
      utf32,
    ];
    for (const body of bodies) {
      expect(decodeUnder(null, body).parts[0]?.input).toMatchObject({
        tensors: [{ shape: [], vector: { data: ['é😀'] } }],
      });
    }
    expect(failure(() => decodeUnder(null, Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe(unreadable);
    expect(failure(() => decodeUnder(null, Uint8Array.of(0, 0, 0, 0x7b, 0, 0xff, 0, 0)))).toBe(unreadable);
    expect(failure(() => decodeUnder(null, ''))).toBe(unreadable);
  });
});

describe('answers of /invocations', () => {
  const wrapped = (answer: Payload): unknown => {
    const decoded = decode(null, '{"inputs": 1}');
    return codec.encode([answer], decoded, null).body;
  };
  const table = (series: boolean): Payload => ({
    kind: 'table',
    rows: 2,
    columns: [
      { name: null, vector: { dtype: 'float64', data: new Float64Array([1.5, Number.NaN]) }, nulls: null },
    ],
    ...(series ? { series: true } : {}),
  });

  it('are records of frames and series, nested lists of arrays, objects of dicts of arrays', () => {
    expect(wrapped(table(true))).toBe('{"predictions":[{"0":1.5},{"0":null}]}');
    expect(
      wrapped({
        kind: 'tensors',
        tensors: [{ name: null, shape: [1, 2], vector: { dtype: 'int8', data: new Int8Array([1, 2]) } }],
      }),
    ).toBe('{"predictions":[[1,2]]}');
    expect(
      wrapped({
        kind: 'tensors',
        tensors: [{ name: 'p', shape: [1], vector: { dtype: 'bool', data: new Uint8Array([1]) } }],
      }),
    ).toBe('{"predictions":{"p":[true]}}');
  });

  it('write 32-bit floats as the doubles they widen to, bytes in lines, datetimes as isoformat', () => {
    const vector = { dtype: 'float32', data: new Float32Array([0.1, Infinity]) } as const;
    expect(wrapped({ kind: 'tensors', tensors: [{ name: null, shape: [2], vector }] })).toBe(
      '{"predictions":[0.10000000149011612,null]}',
    );
    expect(wrapped({ kind: 'value', value: new Uint8Array(60) })).toBe(
      `{"predictions":"${'A'.repeat(76)}\\n${'A'.repeat(4)}\\n"}`,
    );
    const times = {
      dtype: 'datetime64',
      data: new BigInt64Array([1704164645678901000n, 1n, 0n, -(2n ** 63n)]),
    } as const;
    expect(wrapped({ kind: 'table', rows: 4, columns: [{ name: 't', vector: times, nulls: null }] })).toBe(
      '{"predictions":[{"t":"2024-01-02T03:04:05.678901"},{"t":"1970-01-01T00:00:00.000000001"},{"t":"1970-01-01T00:00:00"},{"t":"NaT"}]}',
    );
    expect(wrapped({ kind: 'tensors', tensors: [{ name: null, shape: [4], vector: times }] })).toBe(
      '{"predictions":[1704164645678901000,1,0,-9223372036854775808]}',
    );
  });
});
