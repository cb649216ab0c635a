import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createServeCodec } from '../../src/codec/serve.ts';
import { exampleRow } from '../../src/contract/example.ts';
import {
  answerSchema,
  paramsSchema,
  requestSchema,
  rowSchema,
  type JsonSchema,
} from '../../src/contract/json-schema.ts';
import type { Schema, Signature } from '../../src/contract/signature.ts';
import { writeJson } from '../../src/util/write-json.ts';
import { jsonRow, payloadOf, schema, signature, signatureWithInputs } from '../support/arbitraries.ts';

const ajv = addFormats.default(
  new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    ownProperties: true,
    code: { optimize: false },
    validateSchema: false,
  }),
);
const codec = createServeCodec({ unknownFields: 'reject' });

// Ajv passes over a property of this name, whatever the schema says of it.
const speakable = (text: string): string => text.replaceAll('"__proto__"', '"the proto"');

function validator(schema: JsonSchema): (body: unknown) => true | ValidateFunction['errors'] {
  const validate = ajv.compile(JSON.parse(speakable(JSON.stringify(schema))) as object);
  return (body) => validate(JSON.parse(speakable(writeJson(body)))) || validate.errors;
}

function decodes(body: unknown, under: Signature): true | string {
  const request = {
    body: Buffer.from(writeJson(body)),
    contentType: 'application/json',
    query: new URLSearchParams(),
  };
  try {
    codec.decode(request, under);
    return true;
  } catch (thrown) {
    return JSON.stringify(thrown);
  }
}

/** A body for the inputs of a signature, by the rules of DESIGN section 5. */
function bodyOf(signature: Signature & { readonly inputs: Schema }): fc.Arbitrary<unknown> {
  const { inputs } = signature;
  const row = jsonRow(inputs);
  const single = inputs.kind === 'tensors' && !inputs.named && inputs.tensors[0]?.shape[0] !== -1;
  if (single) return row;
  const list = fc.array(row, { maxLength: 3 });
  const named = inputs.named ? fc.oneof(row, list) : list;
  const taken = (inputs.kind === 'columns' ? inputs.columns : inputs.tensors).some(
    ({ name }) => name === 'inputs' || name === 'params',
  );
  if (taken) return named;
  const params = Object.fromEntries(signature.params.map((param) => [param.name, param.default]));
  return fc.oneof(
    named,
    named.map((rows) => ({ inputs: rows, params })),
  );
}

const calls = signatureWithInputs.chain((made) => fc.tuple(fc.constant(made), bodyOf(made)));

describe('the schema of a request', () => {
  test('admits every body that the signature admits, and so does the codec', () => {
    fc.assert(
      fc.property(calls, ([made, body]) => {
        const validate = validator(requestSchema(made));
        expect(validate(body)).toBe(true);
        expect(decodes(body, made)).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  test('admits nothing that the codec refuses', () => {
    // Ragged lists of a free inner dimension are beyond JSON Schema.
    const regular = calls.filter(
      ([{ inputs }]) =>
        inputs.kind === 'columns' || inputs.tensors.every(({ shape }) => !shape.includes(-1, 1)),
    );
    const mutated = regular.chain(([made, body]) =>
      fc.tuple(fc.constant(made), fc.array(mutation(body), { minLength: 6, maxLength: 6 })),
    );
    let refused = 0;
    fc.assert(
      fc.property(mutated, ([made, bodies]) => {
        const validate = validator(requestSchema(made));
        for (const body of bodies) {
          if (validate(body) === true) expect(decodes(body, made)).toBe(true);
          else refused++;
        }
      }),
      { numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  test('admits the example that is made from the signature', () => {
    fc.assert(
      fc.property(signatureWithInputs, (made) => {
        const example = exampleRow(made);
        const { inputs } = made;
        const single = inputs.kind === 'tensors' && !inputs.named && inputs.tensors[0]?.shape[0] !== -1;
        const row = validator(rowSchema(made));
        expect(row(example)).toBe(true);
        expect(decodes(single ? example : [example], made)).toBe(true);
      }),
    );
  });
});

/** The same JSON with one place replaced, removed or added to. */
function mutation(body: unknown): fc.Arbitrary<unknown> {
  const values = fc.constantFrom<unknown>(
    null,
    true,
    'x',
    '',
    1.5,
    -1,
    2 ** 31,
    1e300,
    [],
    [[]],
    {},
    { x: 1 },
    '2023-02-30',
    'NaN',
  );
  if (Array.isArray(body) && body.length > 0) {
    const items: readonly unknown[] = body;
    return fc.oneof(
      values,
      fc
        .nat(items.length - 1)
        .chain((index) => mutation(items[index]).map((item) => items.with(index, item))),
      values.map((value) => [...items, value]),
      fc.constant(items.slice(1)),
    );
  }
  if (typeof body === 'object' && body !== null && Object.keys(body).length > 0) {
    const entries: [string, unknown][] = Object.entries(body);
    return fc.nat(entries.length - 1).chain((index) => {
      const [key, inner] = entries[index] ?? (['', null] as [string, unknown]);
      return fc.oneof(
        {
          weight: 3,
          arbitrary: mutation(inner).map((value) => Object.fromEntries(entries.with(index, [key, value]))),
        },
        { weight: 1, arbitrary: fc.constant(Object.fromEntries(entries.toSpliced(index, 1))) },
        { weight: 1, arbitrary: values.map((value) => Object.fromEntries([...entries, ['unknown', value]])) },
      );
    });
  }
  return values;
}

describe('the schema of an answer', () => {
  test('admits what the codec writes for every answer of the signature', () => {
    const answers = fc
      .tuple(signature, schema, fc.integer({ min: 1, max: 3 }))
      .map(([made, outputs, rows]) => [{ ...made, outputs }, rows] as const)
      .chain(([made, rows]) => fc.tuple(fc.constant(made), fc.constant(rows), payloadOf(made.outputs, rows)));
    fc.assert(
      fc.property(answers, ([made, rows, payload]) => {
        const request = { parts: [{ input: payload, positions: null }], params: new Map(), rows, memo: null };
        const { body } = codec.encode([payload], request, made);
        const validate = validator(answerSchema(made));
        expect(validate(JSON.parse(String(body)))).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  test('is closed: what the contract does not name is no answer', () => {
    const column = { name: 'a', type: { kind: 'string' as const }, required: true };
    const outputs = { kind: 'columns' as const, named: true, columns: [column] };
    const validate = validator(answerSchema({ inputs: null, outputs, params: [], fromTypeHint: false }));
    expect(validate([{ a: 'x' }])).toBe(true);
    expect(validate([{ a: 'x', b: 1 }])).not.toBe(true);
    expect(validate([{}])).not.toBe(true);
    expect(validate({ a: 'x' })).not.toBe(true);
  });
});

describe('the schema of params', () => {
  test('admits the defaults it shows, and no unknown param', () => {
    fc.assert(
      fc.property(signature, (made) => {
        const params = paramsSchema(made) as { properties: Record<string, { default: unknown }> };
        const validate = validator(paramsSchema(made));
        const shown = Object.entries(params.properties).map(([name, { default: value }]) => [name, value]);
        expect(validate(Object.fromEntries(shown))).toBe(true);
        expect(validate({ 'no such param': 1 })).not.toBe(true);
      }),
    );
  });
});

test('the bounds of a long are written with every digit', () => {
  const column = { name: 'a', type: { kind: 'long' as const }, required: true };
  const inputs = { kind: 'columns' as const, named: true, columns: [column] };
  const text = JSON.stringify(rowSchema({ inputs, outputs: null, params: [], fromTypeHint: false }));
  expect(text).toContain('"minimum":-9223372036854775808,"maximum":9223372036854775807');
});

test('a model without a signature takes anything, and answers a list', () => {
  expect(requestSchema(null)).toEqual({});
  expect(rowSchema(null)).toEqual({});
  expect(answerSchema(null)).toEqual({ type: 'array', items: {} });
  expect(exampleRow(null)).toBeUndefined();
});
