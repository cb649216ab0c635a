import { expect, test } from 'vitest';

import type { GraphInput, WireTensor } from './messages.ts';
import { type Candidate, quickRows } from './quick.ts';

const matrix: GraphInput = { name: 'X', type: 'float32', shape: ['N', 4] };
const forest: Candidate = { inputs: [matrix], operators: ['TreeEnsembleClassifier'], bytes: 10_000 };

/** Answers at once, and keeps what it was fed. */
function instant(): { run: () => Promise<Record<string, never>>; fed: (readonly WireTensor[])[] } {
  const fed: (readonly WireTensor[])[] = [];
  const run = (feeds: readonly WireTensor[] = []): Promise<Record<string, never>> => {
    fed.push(feeds);
    return Promise.resolve({});
  };
  return { run, fed };
}

test('a small graph that answers a batch at once is quick for so many rows', async () => {
  const { run, fed } = instant();
  expect(await quickRows(forest, run)).toBe(64);
  expect(fed[0]).toEqual([{ ...matrix, shape: undefined, dims: [64, 4], data: new Float32Array(256) }]);
});

test('a graph that takes its time is not', async () => {
  const slow = async (): Promise<Record<string, never>> => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return {};
  };
  expect(await quickRows(forest, slow)).toBe(0);
});

test('nor is one that fails', async () => {
  expect(await quickRows(forest, () => Promise.reject(new TypeError('no')))).toBe(0);
});

test.each<[string, Partial<Candidate>]>([
  ['whose work depends on the values', { operators: ['TreeEnsembleClassifier', 'Range'] }],
  ['that loops', { operators: ['Loop'] }],
  ['that is large', { bytes: 2_000_000 }],
  ['that takes text', { inputs: [{ ...matrix, type: 'string' }] }],
  ['with more than its rows left open', { inputs: [{ ...matrix, shape: ['N', 'M'] }] }],
  ['of an unknown shape', { inputs: [{ ...matrix, shape: [] }] }],
  ['without rows', { inputs: [{ ...matrix, shape: [1, 4] }] }],
])('a graph %s is not tried', async (_, difference) => {
  const { run, fed } = instant();
  expect(await quickRows({ ...forest, ...difference }, run)).toBe(0);
  expect(fed).toEqual([]);
});
