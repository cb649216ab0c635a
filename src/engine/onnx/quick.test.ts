import { expect, test } from 'vitest';

import type { GraphInput, RunAnswer, WireTensor } from './messages.ts';
import { mayBeQuick, quickRows } from './quick.ts';

const matrix: GraphInput = { name: 'X', type: 'float32', shape: ['N', 4] };
const nothing: RunAnswer = { kind: 'outputs', outputs: [] };

/** Answers at once, and keeps what it was fed. */
function instant(): { run: (feeds: readonly WireTensor[]) => RunAnswer; fed: (readonly WireTensor[])[] } {
  const fed: (readonly WireTensor[])[] = [];
  const run = (feeds: readonly WireTensor[]): RunAnswer => {
    fed.push(feeds);
    return nothing;
  };
  return { run, fed };
}

function holdUp(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a graph that answers a batch at once is quick for so many rows', () => {
  const { run, fed } = instant();
  expect(quickRows([matrix], run)).toBe(64);
  expect(fed[0]).toEqual([{ ...matrix, shape: undefined, dims: [64, 4], data: new Float32Array(256) }]);
});

test('a graph that takes its time is not', () => {
  const slow = (): RunAnswer => {
    holdUp(2);
    return nothing;
  };
  expect(quickRows([matrix], slow)).toBe(0);
});

test('nor is one that fails', () => {
  expect(quickRows([matrix], () => ({ kind: 'failed', reason: 'no' }))).toBe(0);
});

test('one that takes its time for many rows is quick for as many as it does in time', () => {
  const fed = new Set<number>();
  const run = ([feed]: readonly WireTensor[]): RunAnswer => {
    const rows = feed?.dims[0] ?? 0;
    fed.add(rows);
    if (rows > 2) holdUp(1);
    return nothing;
  };
  const rows = quickRows([matrix], run);
  expect([1, 2]).toContain(rows);
  expect([...fed]).toEqual([64, ...[...fed].slice(1, -1), rows]);
});

test('one that holds everybody up is not run again', () => {
  let runs = 0;
  const slow = (): RunAnswer => {
    runs += 1;
    holdUp(30);
    return nothing;
  };
  expect(quickRows([matrix], slow)).toBe(0);
  expect(runs).toBe(1);
});

test.each<[string, Partial<GraphInput>]>([
  ['that takes text', { type: 'string' }],
  ['with more than its rows left open', { shape: ['N', 'M'] }],
  ['of an unknown shape', { shape: [] }],
  ['without rows', { shape: [1, 4] }],
  ['with rows of millions of cells', { shape: ['N', 3, 1024, 1024] }],
])('a graph %s is not tried', (_, difference) => {
  const { run, fed } = instant();
  expect(quickRows([{ ...matrix, ...difference }], run)).toBe(0);
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
