import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Invocation } from '../conformance/fuzz/invocation.ts';
import { subjects } from '../conformance/fuzz/subjects.ts';
import { secret } from '../conformance/fuzz/values.ts';
import { type Verdict, verdict } from '../conformance/fuzz/verdict.ts';
import { startMlflowServer } from '../conformance/mlflow-server.ts';
import { type Answer, send } from '../conformance/send.ts';
import { type ConformanceStore, conformanceStore } from '../conformance/store.ts';
import { type Served, serve } from '../support/served.ts';

// By itself the same requests each time, so that what fails is of the change. COUNTERSIGN_FUZZ_RUNS looks longer, and
// COUNTERSIGN_FUZZ_SEED elsewhere: a number, or `random`, which is printed.
const runs = Number(process.env['COUNTERSIGN_FUZZ_RUNS'] ?? 100);
const { COUNTERSIGN_FUZZ_SEED: givenSeed = '20261129' } = process.env;
const seed = givenSeed === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(givenSeed);
/** For each model, also where it finds something and makes it smaller. */
const longestMs = Math.max(60_000, runs * 100);

describe(`random requests to MLflow's server and to ours, seed ${String(seed)}`, () => {
  let store: ConformanceStore;
  let served: Served;

  beforeAll(async () => {
    store = await conformanceStore();
    const environment = ['--env-manager', 'local', '--python', store.python];
    served = await serve(['serve', '--tracking-uri', store.trackingUri, '--max-loaded', '2', ...environment]);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  it.each(Object.entries(subjects))(
    '%s: the same status and body, or as a room of the cases allows',
    async (model, requests) => {
      await using mlflow = await startMlflowServer(store.python, store.directories[model] ?? '');
      const counts = new Map<string, number>();
      const property = fc.asyncProperty(requests, async (invocation) => {
        const bases = [mlflow.url, `${served.url}/models/${model}`];
        const [theirs, ours] = await Promise.all(bases.map((base) => ask(base, invocation)));
        const found = theirs === undefined || ours === undefined ? null : judged(invocation, theirs, ours);
        if (typeof found !== 'string') throw new Error(found?.complaint);
        counts.set(found, (counts.get(found) ?? 0) + 1);
      });
      const outcome = await fc.check(property, {
        numRuns: runs,
        seed,
        includeErrorInReport: true,
        interruptAfterTimeLimit: longestMs,
        markInterruptAsFailure: false,
      });
      process.stdout.write(
        `${model}: ${[...counts].map(([name, count]) => `${String(count)} ${name}`).join(', ')}\n`,
      );
      expect(outcome.failed ? fc.defaultReportMessage(outcome) : '').toBe('');
      expect(outcome.numRuns).toBeGreaterThan(0);
    },
    longestMs + 120_000,
  );
});

function ask(base: string, { contentType, body }: Invocation): Promise<Answer> {
  return send(base, { method: 'POST', path: '/invocations', headers: { 'Content-Type': contentType }, body });
}

function judged(invocation: Invocation, theirs: Answer, ours: Answer): Verdict {
  const text = ours.body.toString();
  if (ours.status !== 200 && text.includes(secret)) return { complaint: `the data is sent back: ${text}` };
  return verdict(invocation, theirs, ours);
}
