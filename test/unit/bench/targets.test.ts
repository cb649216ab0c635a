import { describe, expect, test } from 'vitest';

import type { Cell } from '../../../bench/compare.ts';
import type { Measure } from '../../../bench/load.ts';
import { floorsOf, targetsOf } from '../../../bench/report/targets.ts';
import { spread } from '../../../bench/statistics.ts';

/** At one connection, with what a request cost in each run. */
function cell(label: string, cpuUs: readonly number[]): Cell {
  const runs = cpuUs.map((us): Measure => {
    return { requests: 1, perSecond: 1000 / us, p50Ms: us / 1000, p99Ms: us / 1000, cpuUs: us };
  });
  const over = (figure: (run: Measure) => number) => spread(runs.map(figure));
  return {
    label,
    connections: 1,
    rows: 1,
    perSecond: over((run) => run.perSecond),
    p50Ms: over((run) => run.p50Ms),
    p99Ms: over((run) => run.p99Ms),
    cpuUs: over((run) => run.cpuUs),
    runs,
  };
}

const found = (...cells: readonly Cell[]): Parameters<typeof targetsOf>[0] => ({
  results: [{ scenario: 'iris forest, ONNX', cells, servers: [] }],
  studies: [],
});

const ours = cell('countersign', [200, 250, 100]);
const mlflow = cell('mlflow models serve', [6000, 5000, 7000]);
const bare = cell('bare Fastify with onnxruntime', [150, 200, 100]);
const echo = cell('bare Fastify echo', [50, 50, 50]);

describe('the table of aims', () => {
  test('judges what was measured, run by run', () => {
    expect(targetsOf(found(ours, mlflow)).split('\n').slice(2)).toEqual([
      '| iris ONNX, 1 row, c=1: CPU per request | 50 | 30 (20-70) | **missed**, within the spread |',
      '| iris ONNX, 1 row, c=1: p50 | 40 | 30 (20-70) | **missed**, within the spread |',
    ]);
  });

  test('says of rows at one connection what servers that do less come to', () => {
    const [table = ''] = floorsOf(found(ours, mlflow, bare, echo));
    expect(table.split('\n')[2]).toBe(
      '| iris ONNX, 1 row, c=1: CPU per request | 50 | 30 (20-70) | 40 (25-70) | 120 (100-140) |',
    );
  });

  test('says nothing of servers that did not run', () => {
    expect(floorsOf(found(ours, mlflow, echo))).toEqual([]);
  });
});
