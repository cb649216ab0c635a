import { expect, test } from 'vitest';

import { loopDelayOf } from '../../../bench/composed/loop-delay.ts';
import { createMetrics } from '../../../src/telemetry/create-metrics.ts';

test('the delay of the event loop is read from the metrics, without the interval of the timer itself', () => {
  const figure = (name: string, seconds: string): string =>
    `# TYPE nodejs_eventloop_lag_${name}_seconds gauge\nnodejs_eventloop_lag_${name}_seconds ${seconds}\n`;
  const metrics = [
    figure('mean', '0.0125'),
    figure('p50', '0.0101'),
    figure('p99', '0.03'),
    figure('max', '9e-3'),
  ];
  const { meanMs, p50Ms, p99Ms, maxMs } = loopDelayOf(metrics.join(''));
  expect(meanMs).toBeCloseTo(2.5, 9);
  expect(p50Ms).toBeCloseTo(0.1, 9);
  expect(p99Ms).toBeCloseTo(20, 9);
  expect(maxMs).toBe(0);
});

test('the server’s own metrics have the figures that are read', async () => {
  const { body } = await createMetrics().render();
  for (const figure of ['mean', 'p50', 'p99', 'max']) {
    expect(body).toMatch(new RegExp(`^nodejs_eventloop_lag_${figure}_seconds \\S+$`, 'm'));
  }
});
