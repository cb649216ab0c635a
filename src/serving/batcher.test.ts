import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FakeClock, settle } from '../../test/fakes/fake-clock.ts';
import { FakeEngine, type FakePlan } from '../../test/fakes/fake-engine.ts';
import type { PredictCall, Servable } from '../engine/engine.ts';
import { countersignError, CountersignError } from '../errors/countersign-error.ts';
import { type Nested, noParams, type Params, type Payload } from '../payload/payload.ts';
import { Batcher, type BatcherOptions } from './batcher.ts';
import { callerOf } from '../util/caller.ts';

const ref = { model: 'm', version: '1' };

interface House {
  readonly batcher: Servable;
  readonly plan: FakePlan;
  readonly engine: FakeEngine;
  readonly batches: { requests: number; rows: number }[];
  readonly clock: FakeClock;
}

async function house(
  options: Partial<BatcherOptions> & { executors?: number; onEventLoop?: boolean } = {},
): Promise<House> {
  const engine = new FakeEngine();
  const plan = engine.plan(ref);
  plan.executors = options.executors ?? 1;
  plan.onEventLoop = options.onEventLoop ?? false;
  const servable = await engine.loaderFor(ref).load(new AbortController().signal, () => undefined);
  const batches: House['batches'] = [];
  const clock = new FakeClock();
  const batcher = new Batcher(servable, {
    maxRows: 64,
    maxQueued: 1000,
    maxQueuedRows: 100_000,
    windowMs: 0,
    batching: true,
    clock,
    onBatch: (batch) => batches.push(batch),
    ...options,
  });
  return { batcher, plan, engine, batches, clock };
}

function doubles(...values: readonly number[]): Payload {
  const vector = { dtype: 'float64', data: Float64Array.from(values) } as const;
  return { kind: 'table', rows: values.length, columns: [{ name: 'x', vector, nulls: null }] };
}

function valuesOf(payload: Payload): readonly number[] {
  if (payload.kind !== 'table') return [];
  const vector = payload.columns[0]?.vector;
  return vector?.dtype === 'float64' ? [...vector.data] : [];
}

/** Answers twice the value, row by row; a row of 13 fails the whole predict. */
const twice = ({ input, params }: PredictCall): Payload => {
  const values = valuesOf(input);
  if (values.includes(13)) throw countersignError('MODEL_FAILED', 'm', '1', 'ValueError');
  const factor = params.get('factor');
  return doubles(...values.map((value) => value * (typeof factor === 'number' ? factor : 2)));
};

const ask = (
  batcher: Servable,
  input: Payload,
  params: Params = noParams,
  signal?: AbortSignal,
): Promise<Payload> =>
  batcher.predict({ input, params, requestId: 'r' }, callerOf(signal ?? new AbortController().signal));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof CountersignError ? error.code : String(error)),
  );
}

describe('what goes together', () => {
  it('sends what arrives in one turn of the event loop as one batch', async () => {
    const { batcher, plan, batches } = await house();
    plan.answer = twice;
    const answers = await Promise.all([1, 2, 3].map((value) => ask(batcher, doubles(value))));
    expect(answers.map(valuesOf)).toEqual([[2], [4], [6]]);
    expect(batches).toEqual([{ requests: 3, rows: 3 }]);
  });

  it('gathers all that waits while the executor is busy, up to the limit of rows', async () => {
    const { batcher, plan, batches } = await house({ maxRows: 4 });
    const gate = Promise.withResolvers<undefined>();
    plan.answer = async (call) => {
      await gate.promise;
      return twice(call);
    };
    const first = ask(batcher, doubles(0));
    await settle();
    const later = [1, 2, 3].map((value) => ask(batcher, doubles(value, value)));
    await settle();
    expect(batches).toEqual([{ requests: 1, rows: 1 }]);
    gate.resolve(undefined);
    expect(await Promise.all([first, ...later].map(async (answer) => valuesOf(await answer)))).toEqual([
      [0],
      [2, 2],
      [4, 4],
      [6, 6],
    ]);
    expect(batches.slice(1)).toEqual([
      { requests: 2, rows: 4 },
      { requests: 1, rows: 2 },
    ]);
  });

  it('leaves turns to others between batches that run on the event loop', async () => {
    const { batcher, plan } = await house({ maxRows: 1, onEventLoop: true });
    const seen: string[] = [];
    plan.answer = (call) => {
      seen.push('batch');
      setImmediate(() => seen.push('other'));
      return twice(call);
    };
    await Promise.all([1, 2, 3].map((value) => ask(batcher, doubles(value))));
    expect(seen).toEqual(['batch', 'other', 'batch', 'other', 'batch']);
  });

  it('asks about no rows alone: in company it would not show what the model makes of them', async () => {
    const { batcher, plan, batches } = await house();
    plan.answer = twice;
    const answers = await Promise.all([doubles(1), doubles(), doubles(2)].map((rows) => ask(batcher, rows)));
    expect(answers.map(valuesOf)).toEqual([[2], [], [4]]);
    expect(batches).toEqual([
      { requests: 2, rows: 2 },
      { requests: 1, rows: 0 },
    ]);
  });

  it('never mixes different params', async () => {
    const { batcher, plan, batches } = await house();
    plan.answer = twice;
    const three = new Map<string, Nested>([['factor', 3]]);
    const answers = await Promise.all([
      ask(batcher, doubles(1)),
      ask(batcher, doubles(1), three),
      ask(batcher, doubles(2), new Map(three)),
    ]);
    expect(answers.map(valuesOf)).toEqual([[2], [3], [6]]);
    expect(batches.map(({ requests }) => requests)).toEqual([1, 2]);
  });

  it('sends every request alone when batching is off', async () => {
    const { batcher, plan, batches } = await house({ batching: false });
    plan.answer = twice;
    await Promise.all([1, 2, 3].map((value) => ask(batcher, doubles(value))));
    expect(batches.map(({ requests }) => requests)).toEqual([1, 1, 1]);
  });

  it('keeps as many predicts running as there are executors', async () => {
    const { batcher, plan } = await house({ executors: 2, batching: false });
    let running = 0;
    let most = 0;
    plan.answer = async (call) => {
      most = Math.max(most, ++running);
      await settle();
      running--;
      return twice(call);
    };
    await Promise.all([1, 2, 3, 4, 5].map((value) => ask(batcher, doubles(value))));
    expect(most).toBe(2);
  });
});

describe('a window', () => {
  it('holds the first request back until it is over, so that later ones join', async () => {
    const { batcher, plan, batches, clock } = await house({ windowMs: 5 });
    plan.answer = twice;
    const first = ask(batcher, doubles(1));
    await clock.advance(4);
    const second = ask(batcher, doubles(2));
    await settle();
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect([await first, await second].map(valuesOf)).toEqual([[2], [4]]);
    expect(batches).toEqual([{ requests: 2, rows: 2 }]);
    expect(clock.pending).toBe(0);
  });

  it('ends when a whole batch waits', async () => {
    const { batcher, plan, batches } = await house({ windowMs: 5, maxRows: 4 });
    plan.answer = twice;
    await Promise.all([ask(batcher, doubles(1, 2)), ask(batcher, doubles(3, 4))]);
    expect(batches).toEqual([{ requests: 2, rows: 4 }]);
  });

  it('holds nobody back who goes alone', async () => {
    const { batcher, plan, batches } = await house({ windowMs: 5, batching: false });
    plan.answer = twice;
    await ask(batcher, doubles(1));
    expect(batches).toEqual([{ requests: 1, rows: 1 }]);
  });

  it('asks for nothing when the caller it was opened for has left', async () => {
    const { batcher, batches, clock } = await house({ windowMs: 5 });
    const caller = new AbortController();
    const code = codeOf(ask(batcher, doubles(1), noParams, caller.signal));
    await settle();
    caller.abort();
    await clock.advance(5);
    expect([await code, batches]).toEqual(['CALLER_LEFT', []]);
  });
});

describe('when things go wrong', () => {
  it('fails only the guilty request of a batch', async () => {
    const { batcher, plan } = await house();
    plan.answer = twice;
    const outcomes = await Promise.allSettled([1, 13, 3].map((value) => ask(batcher, doubles(value))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('asks one by one, and never together again, where answers do not map to rows', async () => {
    const { batcher, plan, batches } = await house();
    plan.answer = ({ input }) => ({
      kind: 'value',
      value: valuesOf(input).reduce((sum, value) => sum + value, 0),
    });
    const sums = await Promise.all([1, 2].map((value) => ask(batcher, doubles(value))));
    expect(sums).toEqual([
      { kind: 'value', value: 1 },
      { kind: 'value', value: 2 },
    ]);
    await Promise.all([3, 4].map((value) => ask(batcher, doubles(value))));
    expect(batches.slice(-2).map(({ requests }) => requests)).toEqual([1, 1]);
  });

  it('refuses one request too many with QUEUE_FULL, and a caller who leaves frees the place', async () => {
    const { batcher, plan } = await house({ maxQueued: 1 });
    plan.answer = () => new Promise(() => undefined);
    void ask(batcher, doubles(0));
    await settle();
    const caller = new AbortController();
    const waiting = codeOf(ask(batcher, doubles(1), noParams, caller.signal));
    expect(await codeOf(ask(batcher, doubles(2)))).toBe('QUEUE_FULL');
    caller.abort();
    expect(await waiting).toBe('CALLER_LEFT');
    const next = codeOf(ask(batcher, doubles(3)));
    await settle();
    expect(await Promise.race([next, Promise.resolve('waits')])).toBe('waits');
  });

  it('refuses rows beyond what may wait, but never a request that would wait alone', async () => {
    const { batcher, plan } = await house({ maxQueuedRows: 3, batching: false });
    plan.answer = () => new Promise(() => undefined);
    void ask(batcher, doubles(0));
    await settle();
    const large = ask(batcher, doubles(1, 2, 3, 4));
    expect(await codeOf(ask(batcher, doubles(5)))).toBe('QUEUE_FULL');
    expect(await Promise.race([codeOf(large), Promise.resolve('waits')])).toBe('waits');
  });

  it('drops the answer of one who leaves a running batch and aborts the predict when the last one leaves', async () => {
    const { batcher, plan } = await house();
    plan.answer = () => new Promise(() => undefined);
    const callers = [new AbortController(), new AbortController()];
    const codes = callers.map(({ signal }, value) => codeOf(ask(batcher, doubles(value), noParams, signal)));
    await settle();
    callers[0]?.abort();
    expect(await codes[0]).toBe('CALLER_LEFT');
    callers[1]?.abort(new DOMException('late', 'TimeoutError'));
    expect(await codes[1]).toBe('DEADLINE_EXCEEDED');
  });
});

describe('the promise', () => {
  const request = fc.record({
    values: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }),
    factor: fc.option(fc.integer({ min: 2, max: 3 })),
    turn: fc.nat(3),
    leaves: fc.boolean(),
  });

  it('gives every request the answer it would get alone, for any interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0, 5),
        async (requests, executors, windowMs) => {
          const { batcher, plan, clock } = await house({ maxRows: 6, executors, windowMs });
          plan.answer = async (call) => {
            await settle(1);
            return twice(call);
          };
          const outcomes = Promise.all(
            requests.map(async ({ values, factor, turn, leaves }) => {
              const caller = new AbortController();
              await settle(turn);
              const params: Params = new Map(factor === null ? [] : [['factor', factor]]);
              const answer = ask(batcher, doubles(...values), params, caller.signal);
              if (leaves) caller.abort();
              return codeOf(answer).then(async (code) =>
                code === 'answered' ? valuesOf(await answer) : code,
              );
            }),
          );
          for (let turn = 0; turn < 40; turn++) await clock.advance(5);
          for (const [index, { values, factor, leaves }] of requests.entries()) {
            const alone = values.includes(13) ? 'MODEL_FAILED' : values.map((value) => value * (factor ?? 2));
            const outcome = (await outcomes)[index];
            if (leaves) expect([alone, 'CALLER_LEFT']).toContainEqual(outcome);
            else expect(outcome).toEqual(alone);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
