import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import type { Schema, Signature } from '../../contract/signature.ts';
import { writeJson } from '../../util/write-json.ts';
import { invocationsSchema } from './invocations-schema.ts';
import type { JsonSchema } from './openapi-types.ts';

const named: Schema = {
  kind: 'columns',
  named: true,
  columns: [
    { name: 'x', type: { kind: 'double' }, required: true },
    { name: 'note', type: { kind: 'string' }, required: false },
  ],
};

const tensors: Schema = {
  kind: 'tensors',
  named: true,
  tensors: [
    { name: 'a', dtype: 'float32', shape: [-1, 2] },
    { name: 'b', dtype: 'int64', shape: [-1] },
  ],
};

function accepts(inputs: Schema | null, body: unknown, more: Partial<Signature> = {}): boolean {
  const signature = { inputs, outputs: null, params: [], fromTypeHint: false, ...more };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  // As it is sent: the bounds of a long are raw JSON until then.
  const schema = JSON.parse(writeJson(invocationsSchema(signature))) as JsonSchema;
  return ajv.validate(schema, body);
}

describe('the body of /invocations, as documented', () => {
  it.each([
    { dataframe_records: [{ x: 1, note: 'a' }, { x: null }] },
    { dataframe_split: { columns: ['x', 'note'], data: [[1.5, null]] } },
    { dataframe_split: { columns: ['x', 'note'], data: [] } },
  ])('named columns: %j', (body) => {
    expect(accepts(named, body)).toBe(true);
  });

  it.each([
    { dataframe_records: [] },
    { dataframe_records: [{ note: 'a' }] },
    { dataframe_split: { columns: ['note', 'x'], data: [] } },
    { dataframe_records: [{ x: 'Infinity' }] },
    { inputs: [{ x: 1 }] },
    { dataframe_records: [{ x: 1 }], prompt: 'would make it another protocol' },
  ])('not %j', (body) => {
    expect(accepts(named, body)).toBe(false);
  });

  it('type hints take `inputs` only', () => {
    expect(accepts(named, { inputs: [{ x: 1 }] }, { fromTypeHint: true })).toBe(true);
    expect(accepts(named, { dataframe_records: [{ x: 1 }] }, { fromTypeHint: true })).toBe(false);
  });

  it('tensors go whole, not row by row', () => {
    expect(
      accepts(tensors, {
        inputs: {
          a: [
            [1, 2],
            [3, null],
          ],
          b: [1, 2],
        },
      }),
    ).toBe(true);
    expect(accepts(tensors, { inputs: [{ a: [1, 2], b: 1 }] })).toBe(false);
    expect(accepts(tensors, { inputs: { a: [], b: [] } })).toBe(false);
  });

  it('a tensor of fixed size goes as it is', () => {
    const fixed: Schema = {
      kind: 'tensors',
      named: false,
      tensors: [{ name: null, dtype: 'int64', shape: [2] }],
    };
    expect(accepts(fixed, { inputs: [1, 2] })).toBe(true);
    expect(accepts(fixed, { inputs: [1] })).toBe(false);
  });

  it('params go beside the data, where the model takes any', () => {
    const params = [{ name: 'k', type: { kind: 'long' }, array: false, default: 1 }] as const;
    const body = { dataframe_records: [{ x: 1 }], params: { k: 2 } };
    expect(accepts(named, body, { params })).toBe(true);
    expect(accepts(named, body)).toBe(false);
  });

  it('a column may be called as a keyword of JSON Schema', () => {
    const odd: Schema = {
      kind: 'columns',
      named: true,
      columns: [{ name: 'anyOf', type: { kind: 'string' }, required: true }],
    };
    expect(accepts(odd, { dataframe_records: [{ anyOf: 'x' }] })).toBe(true);
    expect(accepts(odd, { dataframe_records: [{}] })).toBe(false);
  });

  it('a model without inputs takes anything', () => {
    expect(accepts(null, { inputs: [1, 'x'] })).toBe(true);
  });
});
