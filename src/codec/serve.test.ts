import { describe, expect, it } from 'vitest';
import { signatureOf } from '../../test/support/typed-json.ts';
import type {
  ColumnSpec,
  DataType,
  ParamSpec,
  Schema,
  Signature,
  TensorDtype,
} from '../contract/signature.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { Payload, Vector } from '../payload/payload.ts';
import type { DecodedRequest } from './codec.ts';
import { createServeCodec } from './serve.ts';

const codec = createServeCodec({ unknownFields: 'reject' });

function columns(
  types: Readonly<Record<string, DataType['kind'] | DataType>>,
  optional: readonly string[] = [],
): Schema {
  return {
    kind: 'columns',
    named: true,
    columns: Object.entries(types).map(([name, type]) => column(name, type, !optional.includes(name))),
  };
}

function unnamed(...types: readonly (DataType['kind'] | DataType)[]): Schema {
  return { kind: 'columns', named: false, columns: types.map((type) => column(null, type, true)) };
}

function column(name: string | null, type: DataType['kind'] | DataType, required: boolean): ColumnSpec {
  return { name, type: typeof type === 'string' ? ({ kind: type } as DataType) : type, required };
}

function tensor(dtype: TensorDtype, shape: readonly number[], name: string | null = null): Schema {
  return { kind: 'tensors', named: name !== null, tensors: [{ name, dtype, shape }] };
}

function decode(
  inputs: Schema | null,
  body: string,
  query = '',
  params: readonly ParamSpec[] = [],
): DecodedRequest {
  return decodeUnder(signatureOf({ inputs, params }), body, query);
}

function decodeUnder(
  signature: Signature | null,
  body: string | Uint8Array,
  query = '',
  contentType: string | null = null,
): DecodedRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return codec.decode({ body: bytes, contentType, query: new URLSearchParams(query) }, signature);
}

function failure(run: () => unknown): CountersignError {
  try {
    run();
  } catch (error) {
    return CountersignError.from(error);
  }
  throw new Error('nothing was thrown');
}

function issues(run: () => unknown): readonly string[] {
  return (failure(run).facts.errors ?? []).map(({ pointer, message }) => `${pointer}: ${message}`);
}

function cells(inputs: Schema, body: string): unknown {
  const [part] = decode(inputs, body).parts;
  const input = part?.input;
  return input?.kind === 'table' ? input.columns.map(({ vector }) => [...vector.data]) : undefined;
}

function encode(answers: readonly Payload[], rows: number | null, outputs: Schema | null = null): unknown {
  const parts = answers.map((input) => ({ input, positions: null }));
  const request = { parts, params: new Map(), rows, memo: null };
  const { body } = codec.encode(answers, request, signatureOf({ outputs }));
  return body;
}

const prompt = columns({ prompt: 'string' });

describe('a row of /serve', () => {
  it('is an object where columns have names; a list is many of them', () => {
    expect(decode(prompt, '{"prompt":"a"}')).toMatchObject({ rows: 1, parts: [{ positions: null }] });
    expect(cells(prompt, '[{"prompt":"a"},{"prompt":"b"}]')).toEqual([['a', 'b']]);
  });

  it('is the bare value of one unnamed column', () => {
    expect(cells(unnamed('double'), '1.5')).toEqual([[1.5]]);
    expect(cells(unnamed('double'), '[1, 2]')).toEqual([[1, 2]]);
  });

  it('is a list of n values where n columns have no name, and then the body is a list of rows', () => {
    expect(cells(unnamed('long', 'string'), '[[1,"a"],[2,"b"]]')).toEqual([
      [1n, 2n],
      ['a', 'b'],
    ]);
    expect(issues(() => decode(unnamed('long', 'string'), '[1,"a"]'))).toEqual([
      '/0: expected a list of 2 values, got an integer of 1 digit',
      '/1: expected a list of 2 values, got a string of 1 character',
    ]);
    expect(issues(() => decode(unnamed('long', 'string'), '{}'))).toEqual([
      ': expected a list of rows, got an object',
    ]);
  });

  it.each(['array', 'map', 'object', 'any'])(
    'is always in a list where the one unnamed column is of type %s',
    (kind) => {
      const types: Readonly<Record<string, DataType>> = {
        array: { kind: 'array', items: { kind: 'double' } },
        map: { kind: 'map', values: { kind: 'double' } },
        object: { kind: 'object', properties: [{ name: 'a', type: { kind: 'double' }, required: true }] },
        any: { kind: 'any' },
      };
      const value = kind === 'array' ? '[1]' : '{"a":1}';
      const schema = unnamed(types[kind] ?? { kind: 'any' });
      expect(decode(schema, `[${value}]`).rows).toBe(1);
      if (kind !== 'array') expect(failure(() => decode(schema, value)).code).toBe('INVALID_INPUT');
    },
  );

  it('is what lies beneath the free first dimension of a tensor, told by how deep lists are', () => {
    const shapes = (body: string, shape: readonly number[]): unknown =>
      decode(tensor('float32', shape), body).parts.map(
        ({ input }) => input.kind === 'tensors' && input.tensors[0]?.shape,
      );
    expect(shapes('[1,2,3]', [-1, 3])).toEqual([[1, 3]]);
    expect(shapes('[[1,2,3],[4,5,6]]', [-1, 3])).toEqual([[2, 3]]);
    expect(shapes('7', [-1])).toEqual([[1]]);
    expect(shapes('[7,8]', [-1])).toEqual([[2]]);
    expect(shapes('[[1],[2,3],[4]]', [-1, -1])).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  it('is the whole body where the first dimension is fixed', () => {
    const decoded = decode(tensor('float64', [2, 2]), '[[1,2],[3,4]]');
    expect(decoded).toMatchObject({ rows: 1, parts: [{ input: { tensors: [{ shape: [2, 2] }] } }] });
    expect(issues(() => decode(tensor('float64', [2]), '[]'))).toEqual([
      ': expected a list of 2, got an empty list',
    ]);
  });

  it('goes to the model alone where named tensors have a fixed first dimension', () => {
    const schema = tensor('float64', [2], 'x');
    expect(decode(schema, '[{"x":[1,2]},{"x":[3,4]}]')).toMatchObject({
      rows: 2,
      parts: [{ positions: [0] }, { positions: [1] }],
    });
  });

  it('is none in an empty list, which asks no model and answers an empty list', () => {
    const decoded = decode(prompt, '[]');
    expect(decoded).toMatchObject({ rows: 0, parts: [] });
    expect(codec.encode([], decoded, signatureOf({ inputs: prompt })).body).toBe('[]');
  });

  it('goes as it is to a model that says nothing of its inputs', () => {
    const value = (body: string): unknown => decodeUnder(null, body).parts[0]?.input;
    expect(value('{"inputs":[1,9007199254740993,"a",null]}')).toMatchObject({
      kind: 'value',
      value: { inputs: [1, 9007199254740993n, 'a', null] },
    });
    expect(decodeUnder(null, '[]').rows).toBeNull();
  });
});

describe('rows that carry different columns', () => {
  const schema = columns({ a: 'long', s: 'string', n: 'integer', d: 'double' }, ['s', 'n', 'd']);
  const groups = (body: string): unknown =>
    decode(schema, body).parts.map(({ input, positions }) => ({
      positions,
      columns:
        input.kind === 'table' &&
        input.columns.map(({ name, nulls }) => (nulls === null ? name : `${String(name)} null`)),
    }));

  it('reach the model apart, each with the columns it carries', () => {
    expect(groups('[{"a":1,"s":"x"},{"a":2},{"a":3,"s":"y"}]')).toEqual([
      { positions: [0, 2], columns: ['a', 's'] },
      { positions: [1], columns: ['a'] },
    ]);
  });

  it('keep a null apart from values and from absence, since a model sees a null alone differently', () => {
    expect(groups('[{"a":1,"s":null},{"a":2,"s":"x"},{"a":3}]')).toEqual([
      { positions: [0], columns: ['a', 's null'] },
      { positions: [1], columns: ['a', 's'] },
      { positions: [2], columns: ['a'] },
    ]);
  });

  it('take a null integer as absent, since MLflow takes no column that holds one', () => {
    expect(groups('{"a":1,"n":null}')).toEqual([{ positions: null, columns: ['a'] }]);
  });

  it('hold a null double as NaN beside other doubles', () => {
    expect(groups('[{"a":1,"d":null},{"a":1,"d":2}]')).toEqual([{ positions: null, columns: ['a', 'd'] }]);
  });

  it('get their answers in the order of the request', () => {
    const signature = signatureOf({ inputs: schema, outputs: schema });
    const body = '[{"a":1,"s":"x"},{"a":2},{"a":3,"s":"y"}]';
    const decoded = decodeUnder(signature, body);
    expect(
      codec.encode(
        decoded.parts.map(({ input }) => input),
        decoded,
        signature,
      ).body,
    ).toBe(body);
  });
});

describe('values of /serve', () => {
  const table: readonly (readonly [DataType['kind'], string, unknown])[] = [
    ['boolean', 'true', 1],
    ['integer', '1.0', 1],
    ['integer', '1e3', 1000],
    ['integer', '-2147483648', -2147483648],
    ['long', '9007199254740993', 9007199254740993n],
    ['long', '9223372036854775807', 9223372036854775807n],
    ['long', '12345678901234567890e-1', 1234567890123456789n],
    ['long', '1.23456789012345e18', 1234567890123450000n],
    ['long', '-0', 0n],
    ['float', '0.1', Math.fround(0.1)],
    ['float', '16777217', 16777216],
    ['double', '9007199254740993', 9007199254740992],
    ['double', 'null', Number.NaN],
    ['double', '"NaN"', Number.NaN],
    ['float', '"-Infinity"', -Infinity],
    ['string', '"a\\u0000b"', 'a\u0000b'],
    ['binary', '"AP8="', new Uint8Array([0, 255])],
    ['datetime', '"2024-01-02"', 1704153600000000000n],
    ['datetime', '"2024-01-02T03:04:05.123456789"', 1704164645123456789n],
    ['datetime', '"2024-01-02T03:04:05+01:30"', 1704159245000000000n],
    ['any', '[1, {"a": null}]', [1, { a: null }]],
  ];

  it.each(table)('%s takes %s', (kind, json, expected) => {
    const [[cell]] = cells(columns({ x: kind }), `{"x":${json}}`) as [[unknown]];
    expect(cell).toEqual(expected);
  });

  const refused: readonly (readonly [DataType['kind'], string, string])[] = [
    ['boolean', '1', 'expected true or false, got an integer of 1 digit'],
    ['boolean', '"false"', 'expected true or false, got a string of 5 characters'],
    [
      'integer',
      '2147483648',
      'expected an integer from -2147483648 to 2147483647, got an integer of 10 digits',
    ],
    ['integer', '1.5', 'expected an integer from -2147483648 to 2147483647, got a fraction'],
    ['integer', '1.00000000000000001', 'expected an integer from -2147483648 to 2147483647, got a fraction'],
    ['integer', '1e-400', 'expected an integer from -2147483648 to 2147483647, got a fraction'],
    ['integer', 'true', 'expected an integer from -2147483648 to 2147483647, got a boolean'],
    ['long', '9223372036854775808', 'expected an integer of 64 bits, got a number beyond 2^53'],
    ['long', '1e400', 'expected an integer of 64 bits, got a number beyond 2^53'],
    ['long', '"1"', 'expected an integer of 64 bits, got a string of 1 character'],
    ['float', '1e39', 'expected a number within the range of 32-bit floats, got a number beyond 2^53'],
    ['double', '1e400', 'expected a number within the range of doubles, got a number beyond 2^53'],
    ['double', '"1.5"', 'expected a number within the range of doubles, got a string of 3 characters'],
    ['string', '5', 'expected a string, got an integer of 1 digit'],
    ['string', 'null', 'expected a string, got null'],
    [
      'string',
      '"\\ud800"',
      'expected text, got a string with half of a surrogate pair, which no UTF-8 text can hold',
    ],
    ['binary', '"AP8"', 'expected a string of standard base64 with padding, got a string of 3 characters'],
    ['binary', '"AP9="', 'expected a string of standard base64 with padding, got a string of 4 characters'],
    [
      'datetime',
      '"2024-02-30"',
      'expected a string with an ISO 8601 date and time, got a string of 10 characters',
    ],
    [
      'datetime',
      '"1500-01-01"',
      'expected a moment between 1677-09-21 and 2262-04-11 (64-bit nanoseconds), got a string of 10 characters',
    ],
    ['datetime', '0', 'expected a string with an ISO 8601 date and time, got an integer of 1 digit'],
  ];

  it.each(refused)('%s refuses %s', (kind, json, message) => {
    expect(issues(() => decode(columns({ x: kind }), `[{"x":${json}}]`))).toEqual([`/0/x: ${message}`]);
  });

  it('tells every fault within nested values, at its place', () => {
    const type: DataType = {
      kind: 'object',
      properties: [
        { name: 'a/b', type: { kind: 'array', items: { kind: 'long' } }, required: true },
        { name: 'm', type: { kind: 'map', values: { kind: 'double' } }, required: false },
        { name: 'name', type: { kind: 'string' }, required: true },
      ],
    };
    expect(
      issues(() => decode(columns({ x: type }), '{"x":{"a/b":[1,null,2.5],"m":{"k":null},"nmae":"x"}}')),
    ).toEqual([
      '/x/a~1b/1: expected an integer of 64 bits, got null',
      '/x/a~1b/2: expected an integer of 64 bits, got a fraction',
      '/x/m/k: expected a number within the range of doubles, got null',
      '/x/name: required string is missing',
      '/x/nmae: unknown field; did you mean `name`?',
    ]);
  });

  it('never repeats a long value', () => {
    const [issue] = issues(() => decode(columns({ x: 'double' }), `{"x":"${'s'.repeat(1000)}"}`));
    expect(issue).toBe('/x: expected a number within the range of doubles, got a string of 1000 characters');
  });

  it('counts what is wrong beyond a hundred places', () => {
    const error = failure(() => decode(columns({ x: 'double' }), `[${'{"x":"a"},'.repeat(149)}{"x":"a"}]`));
    expect(error.message).toContain('150 places');
    expect(error.facts.errors).toHaveLength(101);
    expect(error.facts.errors?.[100]?.message).toBe('and 50 more');
  });
});

describe('fields of /serve', () => {
  it('names the field that was meant', () => {
    expect(issues(() => decode(prompt, '{"promt":"x"}'))).toEqual([
      '/promt: unknown field; did you mean `prompt`?',
      '/prompt: required column is missing (string)',
    ]);
  });

  it('leaves unknown fields out where asked to', () => {
    const lenient = createServeCodec({ unknownFields: 'ignore' });
    const request = {
      body: Buffer.from('{"prompt":"x","other":1}'),
      contentType: null,
      query: new URLSearchParams(),
    };
    expect(lenient.decode(request, signatureOf({ inputs: prompt })).rows).toBe(1);
  });

  it('does not mistake what every object inherits for a column', () => {
    const schema = columns(
      Object.fromEntries([
        ['constructor', 'any'],
        ['__proto__', 'any'],
      ] as const),
      ['constructor', '__proto__'],
    );
    expect(decode(schema, '{}').parts[0]?.input).toMatchObject({ rows: 1, columns: [] });
  });

  it('says what a row should have been', () => {
    expect(issues(() => decode(prompt, '[{"prompt":"a"},5]'))).toEqual([
      '/1: expected an object with `prompt`, got an integer of 1 digit',
    ]);
  });

  it('says what is missing in named tensors, and where an element or a length is wrong', () => {
    const schema: Schema = {
      kind: 'tensors',
      named: true,
      tensors: [
        { name: 'a', dtype: 'uint8', shape: [-1, 2] },
        { name: 'b', dtype: 'bool', shape: [-1] },
      ],
    };
    expect(issues(() => decode(schema, '[{"a":[1,256],"b":true},{"a":[1],"b":1}]'))).toEqual([
      '/0/a/1: expected an integer from 0 to 255, got an integer of 3 digits',
      '/1/a: expected a list of 2, got a list of 1',
      '/1/b: expected true or false, got an integer of 1 digit',
    ]);
    expect(issues(() => decode(schema, '{"a":[1,2]}'))).toEqual(['/b: required tensor is missing']);
  });
});

describe('the envelope', () => {
  it('holds inputs, and pointers lead through it', () => {
    expect(cells(prompt, '{"inputs":[{"prompt":"a"}]}')).toEqual([['a']]);
    expect(issues(() => decode(prompt, '{"inputs":[{"prompt":1}],"params":{}}'))).toEqual([
      '/inputs/0/prompt: expected a string, got an integer of 1 digit',
    ]);
  });

  it('is none where a column has one of its names, or other keys stand beside', () => {
    expect(cells(columns({ inputs: 'string' }), '{"inputs":"a"}')).toEqual([['a']]);
    expect(issues(() => decode(prompt, '{"inputs":"a","prompt":"b"}'))).toEqual(['/inputs: unknown field']);
  });
});

describe('params', () => {
  const specs: readonly ParamSpec[] = [
    { name: 'temperature', type: { kind: 'double' }, array: false, default: 0.5 },
    { name: 'seed', type: { kind: 'long' }, array: false, default: 9007199254740993n },
    { name: 'stop', type: { kind: 'string' }, array: true, default: ['x'] },
    { name: 'on', type: { kind: 'boolean' }, array: false, default: true },
    { name: 'tag', type: { kind: 'string' }, array: false, default: null },
    { name: 'opts', type: { kind: 'object', properties: [] }, array: false, default: {} },
  ];
  const body = '{"prompt":"x"}';

  it('are complete: defaults stand where the request says nothing', () => {
    expect(Object.fromEntries(decode(prompt, body, '', specs).params)).toEqual({
      temperature: 0.5,
      seed: 9007199254740993n,
      stop: ['x'],
      on: true,
      tag: null,
      opts: {},
    });
  });

  it('come from the query as text of their type, arrays by repeating the key', () => {
    const { params } = decode(
      prompt,
      body,
      'temperature=1e-1&seed=9007199254740995&stop=a&stop=5&on=false',
      specs,
    );
    expect([...params.values()].slice(0, 4)).toEqual([0.1, 9007199254740995n, ['a', '5'], false]);
  });

  it('come from the envelope as JSON', () => {
    const { params } = decode(
      prompt,
      `{"inputs":${body},"params":{"tag":null,"stop":[],"seed":1}}`,
      '',
      specs,
    );
    expect([params.get('tag'), params.get('stop'), params.get('seed')]).toEqual([null, [], 1n]);
  });

  it('are refused when malformed, unknown, repeated, or given twice', () => {
    const wrong = failure(() =>
      decode(
        prompt,
        `{"inputs":${body},"params":{"seed":1.5,"temprature":1,"on":true}}`,
        'on=1&tag=a&tag=b&opts=x',
        specs,
      ),
    );
    expect(wrong.code).toBe('INVALID_PARAMS');
    expect(wrong.facts.errors).toEqual([
      { pointer: '', message: 'query param `on`: expected true or false, got a string of 1 character' },
      { pointer: '', message: 'query param `tag`: expected one value, got 2' },
      {
        pointer: '',
        message:
          'query param `opts`: a param of type object goes in `params` of the envelope, not in the query',
      },
      { pointer: '/params/seed', message: 'expected an integer of 64 bits, got a fraction' },
      { pointer: '/params/temprature', message: 'unknown param; did you mean `temperature`?' },
      { pointer: '/params/on', message: 'given both here and in the query' },
    ]);
  });

  it('are unknown to a model that takes none', () => {
    expect(failure(() => decode(prompt, body, 'x=1')).code).toBe('INVALID_PARAMS');
  });
});

describe('a body that is no JSON', () => {
  it.each([
    ['', 'it is empty'],
    ['{"a": x}', 'not JSON: expected a value at line 1, column 7'],
    ['[1,\n 2', 'not JSON: expected `,` or `]` at line 2, column 3'],
    ['{"a": NaN}', 'not JSON: expected a value at line 1, column 7'],
    ["{'a': 1}", 'not JSON: expected a key in double quotes at line 1, column 2'],
  ])('%j: %s', (body, what) => {
    const error = failure(() => decode(prompt, body));
    expect(error.code).toBe('INVALID_BODY');
    expect(error.message).toContain(what);
  });

  it('is refused when it is not UTF-8', () => {
    expect(failure(() => decodeUnder(null, new Uint8Array([0x22, 0xff, 0x22]))).message).toContain(
      'not UTF-8',
    );
  });

  it('is refused when nested too deep for a machine', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(failure(() => decodeUnder(null, deep)).code).toMatch(/^INVALID_/);
  });
});

describe('content types', () => {
  it.each([null, 'application/json', 'Application/JSON; Charset="UTF-8"', 'application/json;charset=utf-8'])(
    'takes %s',
    (contentType) => {
      expect(decodeUnder(null, '1', '', contentType).parts).toHaveLength(1);
    },
  );

  it.each(['', 'text/plain', 'application/json; charset=latin1', 'text/csv', 'application/jsonx'])(
    'refuses %j',
    (contentType) => {
      expect(failure(() => decodeUnder(null, '1', '', contentType)).code).toBe('UNSUPPORTED_MEDIA_TYPE');
    },
  );
});

describe('answers of /serve', () => {
  const f64 = (...data: number[]): Vector => ({ dtype: 'float64', data: new Float64Array(data) });
  const tensors = (shape: readonly number[], vector: Vector, name: string | null = null): Payload => ({
    kind: 'tensors',
    tensors: [{ name, shape, vector }],
  });

  it('are objects for named columns, bare values for one unnamed column, lists for more', () => {
    const vector = f64(1.5, Number.NaN);
    const named: Payload = { kind: 'table', rows: 2, columns: [{ name: 'y', vector, nulls: null }] };
    const bare: Payload = { kind: 'table', rows: 2, columns: [{ name: null, vector, nulls: null }] };
    const series: Payload = { ...named, series: true };
    expect(encode([named], 2)).toBe('[{"y":1.5},{"y":null}]');
    expect(encode([bare], 2)).toBe('[1.5,null]');
    expect(encode([series], 2)).toBe('[1.5,null]');
    expect(encode([{ ...bare, columns: [...bare.columns, ...bare.columns] }], 2)).toBe(
      '[[1.5,1.5],[null,null]]',
    );
  });

  it('are the rows of a tensor with a free first dimension, and one item for any other', () => {
    const long: Vector = { dtype: 'int64', data: new BigInt64Array([0n, 1n, 9007199254740993n]) };
    expect(encode([tensors([3], long)], 3, tensor('int64', [-1]))).toBe('[0,1,9007199254740993]');
    expect(encode([tensors([1, 3], long)], 1, tensor('int64', [-1, 3]))).toBe('[[0,1,9007199254740993]]');
    expect(encode([tensors([1, 3], long)], 1, tensor('int64', [1, 3]))).toBe('[[[0,1,9007199254740993]]]');
    expect(encode([tensors([2, 1], f64(1, 2), 'p')], 2, tensor('float64', [-1, 1], 'p'))).toBe(
      '[{"p":[1]},{"p":[2]}]',
    );
    expect(encode([tensors([2], f64(1, 2), 'p')], 1, tensor('float64', [2], 'p'))).toBe('[{"p":[1,2]}]');
    expect(encode([tensors([], f64(7))], 1)).toBe('[7]');
  });

  it('are a list also where the signature says nothing of outputs', () => {
    expect(encode([{ kind: 'value', value: ['a', 'b'] }], 2)).toBe('["a","b"]');
    expect(encode([{ kind: 'value', value: ['a', 'b'] }], 1)).toBe('[["a","b"]]');
    expect(encode([{ kind: 'value', value: ['a', 'b'] }], null)).toBe('["a","b"]');
    expect(encode([{ kind: 'value', value: { a: Number.NaN, b: Infinity, c: 2n ** 60n } }], 1)).toBe(
      '[{"a":null,"b":"Infinity","c":1152921504606846976}]',
    );
  });

  it('write 32-bit floats as short as they are, and negative zero as itself', () => {
    const vector: Vector = {
      dtype: 'float32',
      data: new Float32Array([0.1, 1e-45, 3.4028235e38, -0, 16777216]),
    };
    expect(encode([tensors([5], vector)], 5)).toBe('[0.1,1e-45,3.4028235e+38,-0,16777216]');
  });
});
