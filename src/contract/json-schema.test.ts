import { describe, expect, test } from 'vitest';
import { columns, tensors } from '../../test/support/answers.ts';
import { paramsSchema, requestSchema, rowSchema } from './json-schema.ts';
import type { Signature } from './signature.ts';

/** The signature of an answer as one of a request. */
function asked({ outputs }: Signature): Signature {
  return { inputs: outputs, outputs: null, params: [], fromTypeHint: false };
}

describe('the forms of a body', () => {
  const string = { type: 'string' };
  const row = { type: 'object', properties: { a: string }, required: ['a'], additionalProperties: false };
  const none = { type: 'object', properties: {}, additionalProperties: false };
  const enveloped = (inputs: object): object => ({
    type: 'object',
    properties: { inputs, params: none },
    required: ['inputs'],
    additionalProperties: false,
  });
  const either = (one: object): object[] => [one, { type: 'array', items: one }];
  const element = { type: 'integer', minimum: 0, maximum: 255 };
  const pair = { type: 'array', items: element, minItems: 2, maxItems: 2 };
  const list = { type: 'array', items: { type: 'array', items: string } };

  test.each<[string, Signature, object[]]>([
    ['named columns: a row or a list of rows', columns(['a', 'string']), either(row)],
    ['one unnamed column of scalars: the bare value or a list', columns([null, 'string']), either(string)],
    [
      'one unnamed column of lists: always a list of rows',
      columns([null, { kind: 'array', items: { kind: 'string' } }]),
      [list],
    ],
    ['a tensor with rows: of one depth less, or many', tensors([null, 'uint8', [-1, 2]]), either(pair)],
    ['a tensor of fixed first dimension: itself, one row', tensors([null, 'uint8', [2]]), [pair]],
    [
      'an object tensor: always a list of rows',
      tensors([null, 'object', [-1]]),
      [{ type: 'array', items: {} }],
    ],
  ])('%s', (_what, signature, bodies) => {
    const inputs = bodies.length === 1 ? bodies[0] : { anyOf: bodies };
    expect(requestSchema(asked(signature))).toEqual({ anyOf: [...bodies, enveloped(inputs ?? {})] });
  });

  test('a column called inputs or params leaves no room for the envelope', () => {
    const schema = requestSchema(asked(columns(['params', 'string'])));
    expect(schema['anyOf']).toHaveLength(2);
  });

  test('several unnamed columns are a list of as many cells, and a body a list of rows', () => {
    expect(rowSchema(asked(columns([null, 'string'], [null, 'boolean'])))).toEqual({
      type: 'array',
      prefixItems: [string, { type: 'boolean' }],
      minItems: 2,
      maxItems: 2,
      items: false,
    });
  });
});

test('a column is nullable when it is optional, and a float always', () => {
  const schema = rowSchema(
    asked(columns(['s', 'string', 'optional'], ['a', 'any', 'optional'], ['f', 'double'])),
  );
  expect(schema).toMatchObject({
    properties: { s: { type: ['string', 'null'] }, a: {}, f: { anyOf: [{}, {}, { type: 'null' }] } },
    required: ['f'],
  });
});

test('a param is nullable only when its default is null, and shows a default that JSON can say', () => {
  const params = [
    { name: 'a', type: { kind: 'string' as const }, array: false, default: null },
    { name: 'b', type: { kind: 'double' as const }, array: false, default: Number.NaN },
    { name: 'c', type: { kind: 'datetime' as const }, array: true, default: ['2024-01-01T00:00:00'] },
    { name: 'd', type: { kind: 'long' as const }, array: false, default: 9007199254740993n },
  ];
  const schema = paramsSchema({ inputs: null, outputs: null, params, fromTypeHint: false });
  expect(JSON.parse(JSON.stringify(schema))).toMatchObject({
    properties: {
      a: { type: ['string', 'null'], default: null },
      b: { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }], default: 'NaN' },
      c: { type: 'array', default: ['2024-01-01T00:00:00Z'] },
    },
  });
  expect(JSON.stringify(schema)).toContain('"default":9007199254740993');
});
