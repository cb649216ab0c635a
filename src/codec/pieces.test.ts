import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

import type { Column, Payload } from '../payload/payload.ts';
import type { Codec, DecodedRequest } from './codec.ts';
import { createMlflowCodec } from './mlflow.ts';
import { createServeArrowCodec } from './serve-arrow.ts';

const rows = 60_007;
const numbers = Float64Array.from({ length: rows }, (_, index) => (index % 7 === 0 ? Number.NaN : index / 8));
const words = Array.from({ length: rows }, (_, index) => `"${String(index)}"`);
const nulls = Uint8Array.from({ length: rows }, (_, index) => (index % 5 === 0 ? 1 : 0));

const column = (name: string | null, rest: Omit<Column, 'name'>): Column => ({ name, ...rest });
const doubles = { vector: { dtype: 'float64', data: numbers }, nulls: null } as const;
const texts = { vector: { dtype: 'str', data: words }, nulls } as const;

const long: Readonly<Record<string, Payload>> = {
  'a frame': { kind: 'table', rows, columns: [column('a', doubles), column('é', texts)] },
  'a frame without names': { kind: 'table', rows, columns: [column(null, doubles), column(null, texts)] },
  'a series': { kind: 'table', rows, series: true, columns: [column('y', texts)] },
  'an array': { kind: 'tensors', tensors: [{ name: null, shape: [rows], vector: doubles.vector }] },
  'an array of rows': {
    kind: 'tensors',
    tensors: [
      {
        name: null,
        shape: [rows, 2],
        vector: { dtype: 'float32', data: new Float32Array(2 * rows).fill(0.1) },
      },
    ],
  },
  'a list': { kind: 'value', value: words.map((word, index) => (index % 3 === 0 ? { word } : word)) },
};
const codecs: readonly Codec[] = [createServeArrowCodec({ unknownFields: 'reject' }), createMlflowCodec()];

function requestOf(input: Payload, memo: unknown): DecodedRequest {
  return { parts: [{ input, positions: null }], params: new Map(), rows, memo };
}

describe.each(codecs)('$name', (codec) => {
  const memo = codec.name === 'serve' ? null : { unwrapped: false };

  test.each(Object.entries(long))('%s that is long is written as it would be at once', async (_, answer) => {
    const request = requestOf(answer, memo);
    const written = codec.encodeLong?.([answer], request, null);
    expect(written).toBeInstanceOf(Promise);
    expect(await written).toEqual(codec.encode([answer], request, null));
  });

  test('others have their turns meanwhile', async () => {
    const answer = long['a frame'];
    if (answer === undefined) throw new Error('no frame');
    let turns = 0;
    const state = { isWritten: false };
    const written = codec
      .encodeLong?.([answer], requestOf(answer, memo), null)
      ?.then(() => (state.isWritten = true));
    for (; !state.isWritten; turns++) await setImmediate();
    await written;
    expect(turns).toBeGreaterThan(2);
  });

  test.each<[string, Payload]>([
    [
      'a short one',
      {
        kind: 'table',
        rows: 1,
        columns: [column('a', { ...doubles, vector: { dtype: 'float64', data: numbers.slice(0, 1) } })],
      },
    ],
    ['one value', { kind: 'value', value: 'x'.repeat(100_000) }],
    [
      'named arrays of different lengths',
      {
        kind: 'tensors',
        tensors: [
          { name: 'a', shape: [rows], vector: doubles.vector },
          { name: 'b', shape: [1], vector: { dtype: 'float64', data: numbers.slice(0, 1) } },
        ],
      },
    ],
  ])('%s is written at once', (_, answer) => {
    expect(codec.encodeLong?.([answer], requestOf(answer, memo), null)).toBe(null);
  });
});

test('what is not one output per row is no list to /serve, and is written at once', () => {
  const [serve] = codecs;
  const answer = long['an array'];
  if (answer === undefined) throw new Error('no array');
  expect(serve?.encodeLong?.([answer], { ...requestOf(answer, null), rows: 1 }, null)).toBe(null);
});
