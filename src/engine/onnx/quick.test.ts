import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { GraphInput, RunAnswer, WireTensor } from './messages.ts';
import { mayBeQuick, quickRows } from './quick.ts';

const matrix: GraphInput = { name: 'X', type: 'float32', shape: ['N', 4] };
const nothing: RunAnswer = { kind: 'outputs', outputs: [] };

/** Answers at once, and keeps what it was fed. */
function instant(): { run: () => Promise<RunAnswer>; fed: (readonly WireTensor[])[] } {
  const fed: (readonly WireTensor[])[] = [];
  const run = (feeds: readonly WireTensor[] = []): Promise<RunAnswer> => {
    fed.push(feeds);
    return Promise.resolve(nothing);
  };
  return { run, fed };
}

function holdUp(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a graph that answers a batch at once is quick for so many rows', async () => {
  const { run, fed } = instant();
  expect(await quickRows([matrix], run)).toBe(64);
  expect(fed[0]).toEqual([{ ...matrix, shape: undefined, dims: [64, 4], data: new Float32Array(256) }]);
});

test.each([1, 4])(
  'a graph that takes its time is not, be it in the %d. turn of the event loop',
  async (turns) => {
    const slow = async (): Promise<RunAnswer> => {
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      holdUp(2);
      return nothing;
    };
    expect(await quickRows([matrix], slow)).toBe(0);
  },
);

test('one that takes its time for many rows is quick for as many as it does in time', async () => {
  const fed: number[] = [];
  const run = ([feed]: readonly WireTensor[]): Promise<RunAnswer> => {
    const rows = feed?.dims[0] ?? 0;
    fed.push(rows);
    holdUp(rows > 5 ? 1 : 0);
    return Promise.resolve(nothing);
  };
  // A fifth of 64, and a fifth of that.
  expect(await quickRows([matrix], run)).toBeLessThanOrEqual(5);
  expect(await quickRows([matrix], run)).toBeGreaterThanOrEqual(1);
  expect(new Set(fed).size).toBeGreaterThan(2);
});

test('nor is one that fails', async () => {
  expect(await quickRows([matrix], () => Promise.resolve({ kind: 'failed', reason: 'no' }))).toBe(0);
});

test('one that holds everybody up is not run again', async () => {
  let runs = 0;
  const slow = (): Promise<RunAnswer> => {
    runs += 1;
    holdUp(30);
    return Promise.resolve(nothing);
  };
  expect(await quickRows([matrix], slow)).toBe(0);
  expect(runs).toBe(1);
});

test.each<[string, Partial<GraphInput>]>([
  ['that takes text', { type: 'string' }],
  ['with more than its rows left open', { shape: ['N', 'M'] }],
  ['of an unknown shape', { shape: [] }],
  ['without rows', { shape: [1, 4] }],
  ['with rows of millions of cells', { shape: ['N', 3, 1024, 1024] }],
])('a graph %s is not tried', async (_, difference) => {
  const { run, fed } = instant();
  expect(await quickRows([{ ...matrix, ...difference }], run)).toBe(0);
  expect(fed).toEqual([]);
});

test.each<[string, readonly string[], number, boolean]>([
  ['a small one of steady operators', ['TreeEnsembleClassifier'], 10_000, true],
  ['one whose work depends on the values', ['TreeEnsembleClassifier', 'Range'], 10_000, false],
  ['one that loops', ['Loop'], 10_000, false],
  ['a large one', ['TreeEnsembleClassifier'], 2_000_000, false],
])('%s: whether it may be tried on the event loop', (_, operators, bytes, expected) => {
  expect(mayBeQuick({ operators, bytes })).toBe(expected);
});
