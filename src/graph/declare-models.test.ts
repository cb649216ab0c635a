import { describe, expect, it } from 'vitest';

import { parseSignature } from '../contract/parse.ts';
import { declareModels } from './declare-models.ts';

const signature = parseSignature(
  {
    inputs: [
      { name: 'some text', type: 'string' },
      { name: 'n', type: 'long' },
      { name: 'at', type: 'datetime', required: false },
      { name: 'tags', type: 'array', items: { type: 'string' }, required: true },
      {
        name: 'thing',
        type: 'object',
        properties: { x: { type: 'double' }, y: { type: 'long', required: false } },
        required: true,
      },
      { name: 'rest', type: 'map', values: { type: 'any' } },
    ],
    outputs: [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 3] } }],
    params: [{ name: 'limit', type: 'double', default: 0.5, shape: null }],
  },
  false,
);

describe('the types of models', () => {
  it('are those of their rows, every column by name', async () => {
    const declared = await declareModels([{ model: 'my model', version: '1', signature }], 'number');
    expect(declared.slice(declared.indexOf('export {}'))).toBe(`export {};

declare module 'countersign' {
  interface Models {
    'my model': {
      input: {
        'some text': string;
        n: number;
        at?: string | null;
        tags: string[];
        thing: {
          x: number;
          y?: number | null;
        };
        rest?: {
          [k: string]: unknown;
        } | null;
      };
      output: number[];
      params: {
        limit: number;
      };
    };
  }
}
`);
  });

  it('have bigints by choice, and tuples of unnamed columns', async () => {
    const bare = parseSignature(
      { inputs: [{ type: 'long' }, { type: 'string' }], outputs: [{ type: 'long' }] },
      false,
    );
    const declared = await declareModels([{ model: 'm', version: '1', signature: bare }], 'bigint');
    expect(declared).toContain('input: [bigint, string];');
    expect(declared).toContain('output: bigint;');
  });

  it('are unknown where a model was logged without a signature', async () => {
    const declared = await declareModels([{ model: 'm', version: '1', signature: null }], 'number');
    expect(declared).toContain('input: unknown;');
  });
});
