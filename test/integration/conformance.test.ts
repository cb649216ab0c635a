import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readIndex } from '../conformance/case.ts';
import { differences } from '../conformance/differences.ts';
import { judge } from '../conformance/judge.ts';
import { type Outcome, replay } from '../conformance/replay.ts';
import { table, ways } from '../conformance/report.ts';
import { conformanceStore } from '../conformance/store.ts';
import { type Served, serve } from '../support/served.ts';

/** The whole registry: every model loads when its first request comes. */
async function serveModels(...flags: readonly string[]): Promise<Served> {
  const { python, trackingUri } = await conformanceStore();
  const environment = ['--env-manager', 'local', '--python', python];
  return serve(['serve', '--tracking-uri', trackingUri, '--max-loaded', '4', ...environment, ...flags]);
}

function leaking(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes
    .filter(({ answer }) => /Traceback|stack_trace|site-packages/.test(answer.body.toString()))
    .map(({ case: { id } }) => id);
}

function print(outcomes: readonly Outcome[]): void {
  const { typed, raw, neither } = ways(outcomes);
  process.stdout.write(`${table(outcomes)}\n`);
  process.stdout.write(
    `${String(typed)} read by us, ${String(raw)} by MLflow, ${String(neither)} not read\n`,
  );
}

describe(`/invocations, against the recorded answers of MLflow ${readIndex().mlflow}`, () => {
  let served: Served;
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    served = await serveModels();
    outcomes = await replay(served.url);
    print(outcomes);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  it('answers every case as MLflow does, or as differences.ts says', () => {
    expect(judge(outcomes, differences)).toEqual([]);
  });

  it('reads every request itself but those to models that only MLflow can describe', () => {
    const raw = outcomes.filter(({ answer: { stages = '' } }) => stages.includes('invoke;'));
    const models = new Set(raw.map(({ case: { model } }) => model));
    expect([...models].sort()).toEqual([
      'chat_model',
      'hint_datetime',
      'hint_list_str',
      'hint_pydantic',
      'no_signature',
      'responses_agent',
    ]);
  });

  it('never sends a stack trace or a path of the machine', () => {
    expect(leaking(outcomes)).toEqual([]);
  });
});

describe('/invocations with --mlflow-exact', () => {
  let served: Served;
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    served = await serveModels('--mlflow-exact');
    outcomes = await replay(served.url);
    print(outcomes);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  it('answers every case as MLflow does, strictly', () => {
    expect(outcomes.filter(({ strict }) => strict !== null).map(({ case: { id } }) => id)).toEqual([]);
  });

  it('reads nothing itself, ONNX models included', () => {
    expect(ways(outcomes)).toMatchObject({ typed: 0 });
  });

  it('never sends a stack trace or a path of the machine', () => {
    expect(leaking(outcomes)).toEqual([]);
  });
});
