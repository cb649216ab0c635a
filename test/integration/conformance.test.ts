import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readIndex } from '../conformance/case.ts';
import { differences } from '../conformance/differences.ts';
import { judge } from '../conformance/judge.ts';
import { notYet } from '../conformance/not-yet.ts';
import { type Outcome, replay } from '../conformance/replay.ts';
import { table } from '../conformance/report.ts';
import { conformanceStore } from '../conformance/store.ts';
import { type Served, serve } from '../support/served.ts';

describe(`/invocations, against the recorded answers of MLflow ${readIndex().mlflow}`, () => {
  let served: Served;
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    const { python, trackingUri } = await conformanceStore();
    // The whole registry: every model loads when its first request comes.
    const environment = ['--env-manager', 'local', '--python', python];
    served = await serve(['serve', '--tracking-uri', trackingUri, '--max-loaded', '4', ...environment]);
    outcomes = await replay(served.url);
    process.stdout.write(`${table(outcomes)}\n`);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  it('answers every case as MLflow does, or as differences.ts says', () => {
    expect(judge(outcomes, differences, notYet)).toEqual([]);
  });

  it('never sends a stack trace or a path of the machine', () => {
    const leaking = outcomes.filter(({ answer }) =>
      /Traceback|stack_trace|site-packages/.test(answer.body.toString()),
    );
    expect(leaking.map(({ case: { id } }) => id)).toEqual([]);
  });
});
