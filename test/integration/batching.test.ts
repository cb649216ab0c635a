import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Served, serve } from '../support/served.ts';

/** Rows that a model answers differently, and that no batch may mix up. */
const models: Readonly<Record<string, readonly unknown[]>> = {
  translation_model: ['The weather is lovely today', 'Good morning', 'Good night'].map((prompt) => ({
    prompt,
  })),
  question_answerer: ['Where do you live?', 'What is your name?'].map((question) => ({ question })),
  iris_boosting: flowers('sepal length', 'sepal width', 'petal length', 'petal width'),
  iris_sklearn: flowers('sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'),
  iris_classifier: flowers('sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'),
};
/** Models whose predict takes long enough that others arrive meanwhile, whatever the machine is doing. */
const inPython = ['translation_model', 'question_answerer', 'iris_boosting', 'iris_sklearn'];
const concurrency = 32;
const requests = 320;

function flowers(...columns: readonly string[]): readonly unknown[] {
  const rows = [
    [5.1, 3.5, 1.4, 0.2],
    [5.9, 3.0, 4.2, 1.5],
    [6.3, 3.3, 6.0, 2.5],
  ];
  return rows.map((cells) => Object.fromEntries(columns.map((name, index) => [name, cells[index]])));
}

describe('requests of the example models under load', () => {
  let demo: Served;

  beforeAll(async () => {
    demo = await serve([], { script: 'scripts/demo.ts' });
    await demo.ready();
  }, 600_000);
  afterAll(async () => {
    await demo[Symbol.asyncDispose]();
  });

  const post = (model: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(`${demo.url}/models/${model}/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal !== undefined && { signal }),
    });
  const ask = async (model: string, body: unknown): Promise<unknown> => {
    const response = await post(model, body);
    expect(response.status).toBe(200);
    return response.json();
  };

  /** Predicts of the model so far, and the requests in them. */
  const batches = async (model: string): Promise<{ predicts: number; requests: number }> => {
    const text = await (await fetch(`${demo.url}/metrics`)).text();
    const figure = (name: string): number =>
      Number(
        new RegExp(`^countersign_batch_requests_${name}{model="${model}"} (\\S+)$`, 'm').exec(text)?.[1] ?? 0,
      );
    return { predicts: figure('count'), requests: figure('sum') };
  };

  /** Sends the rows again and again, so many at once, and returns the answers with their rows. */
  const burst = async (model: string, rows: readonly unknown[]): Promise<readonly [number, unknown][]> => {
    const numbers = Array.from({ length: requests }, (_, index) => index % rows.length).values();
    const answers: [number, unknown][] = [];
    const caller = async (): Promise<void> => {
      for (const index of numbers) answers.push([index, await ask(model, rows[index])]);
    };
    await Promise.all(Array.from({ length: concurrency }, caller));
    return answers;
  };

  it.each(Object.entries(models))(
    '%s: each gets the answer it would get alone, and they share predicts',
    async (model, rows) => {
      const alone = await Promise.all(rows.map((row) => ask(model, row)));
      const response = await fetch(`${demo.url}/models/${model}/versions`);
      const listed = (await response.json()) as { default: string; versions: Listed[] };
      const version = listed.versions.find((candidate) => candidate.version === listed.default);
      expect(version?.batching).toMatchObject({ enabled: true });
      const before = await batches(model);
      for (const [index, answer] of await burst(model, rows)) expect(answer).toEqual(near(alone[index]));
      const after = await batches(model);
      const mean = (after.requests - before.requests) / (after.predicts - before.predicts);
      expect(after.requests - before.requests).toBe(requests);
      if (inPython.includes(model)) expect(mean).toBeGreaterThan(3);
    },
    600_000,
  );

  it('in whatever order requests come, leave and fail, each gets the answer it would get alone', async () => {
    const alone = new Map<string, readonly unknown[]>();
    for (const [model, rows] of Object.entries(models)) {
      const answers: unknown[] = [];
      for (const row of rows) answers.push(...((await ask(model, [row])) as unknown[]));
      alone.set(model, answers);
    }
    const request = fc.record({
      model: fc.constantFrom(...Object.keys(models)),
      // Modulo the rows that the model has here.
      rows: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
      afterMs: fc.nat(4),
      leavesMs: fc.option(fc.nat(6)),
      isBad: fc.boolean(),
    });
    type Request = typeof request extends fc.Arbitrary<infer One> ? One : never;
    const run = async ({ model, rows: picked, afterMs, leavesMs, isBad }: Request): Promise<void> => {
      const rows = models[model] ?? [];
      const body = picked.map((pick) => rows[pick % rows.length]);
      await delay(afterMs);
      if (isBad) {
        expect((await post(model, [...body, { 'no such column': 1 }])).status).toBe(400);
        return;
      }
      const leaving = new AbortController();
      if (leavesMs !== null)
        void delay(leavesMs).then(() => {
          leaving.abort();
        });
      const answered = await post(model, body, leaving.signal).then(
        async (response) => [response.status, await response.json()] as const,
        (error: unknown) => {
          if (leavesMs === null) throw error;
          return null;
        },
      );
      const wanted = picked.map((pick) => near(alone.get(model)?.[pick % rows.length]));
      if (answered !== null) expect(answered).toEqual([200, wanted]);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 40 }), async (requests) => {
        await Promise.all(requests.map(run));
      }),
      { numRuns: 25 },
    );
  }, 600_000);
});

interface Listed {
  readonly version: string;
  readonly batching: { readonly enabled: boolean; readonly reason: string };
}

/** Numbers with a fraction may differ in their last digits: a batch adds up in another order. */
function near(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isInteger(value)) return expect.closeTo(value, 5) as unknown;
  if (Array.isArray(value)) return value.map(near);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, near(item)]));
}
