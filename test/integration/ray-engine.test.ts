import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Servable } from '../../src/engine/engine.ts';
import { type RayOptions, rayScale } from '../../src/config/ray-options.ts';
import { createRayEngine, type RayEngine } from '../../src/engine/ray/engine.ts';
import { CountersignError } from '../../src/errors/countersign-error.ts';
import { noParams, type Nested, type Payload } from '../../src/payload/payload.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { engineSuite, type EngineUnderTest, type Specimen } from '../suites/engine.ts';
import { float64, table, tensors, text } from '../support/onnx-specimens.ts';
import { descendants, eventually, isRunning } from '../support/processes.ts';
import { hostDirectory, metadataOf, pythonVersion } from '../support/python-models.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { callerOf } from '../../src/util/caller.ts';

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const never = new AbortController().signal;
const staying = callerOf(never);
const ignore = (): void => undefined;

describe.skipIf(!slow).each([
  ['directly to 1 replica', { direct: true }],
  ["through Ray's proxy: the cluster does not expose replicas", {}],
])('on a real Ray cluster (set COUNTERSIGN_SLOW_TESTS=1), %s', (way, options) => {
  let cluster: RayCluster;
  beforeAll(async () => {
    cluster = await startRayCluster(options);
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  const makeEngine = (
    maxVersions = 3,
    token: string | null = cluster.token,
    ray: RayOptions = {},
  ): RayEngine =>
    createRayEngine({
      address: cluster.address,
      tokenSource: () => Promise.resolve(token),
      hostDirectory,
      scaleFor: () => rayScale(ray, 1),
      maxVersions,
      envManager: 'local',
      isDefault: () => false,
      clock: systemClock,
      logger: silentLogger,
    });

  /** A version of one model of the suite, so that all are versions in the same replica. */
  const version = async (name: string): Promise<Omit<Specimen, 'cases'>> => {
    const { metadata, artifact } = await pythonVersion(name);
    return { metadata: { ...metadata, model: "a suite's models" }, artifact };
  };

  const load = async (engine: RayEngine, name: string): Promise<Servable> => {
    const { metadata, artifact } = await version(name);
    return engine.loader(metadata, artifact).load(never, ignore);
  };

  engineSuite('ray', async (): Promise<EngineUnderTest> => {
    const numbers = (factor: number, answer: (data: number[]) => Payload): Specimen['cases'] =>
      [[1, 2.5], [4], [-0.5, 0, 7]].map((cells) => ({
        input: table({ x: float64(...cells) }),
        answer: answer(cells.map((cell) => cell * factor)),
      }));
    const asFrame = (cells: number[]): Payload => table({ y: float64(...cells) });
    const asSeries = (cells: number[]): Payload => ({ ...asFrame(cells), series: true }) as Payload;
    const asArray = (cells: number[]): Payload =>
      tensors({ name: null, shape: [cells.length], vector: float64(...cells) });
    const matrix = { dtype: 'float32', data: Float32Array.of(1, 2, 3, 4) } as const;
    const sums = { dtype: 'float32', data: Float32Array.of(3, 7) } as const;
    const raising = table({ how: text('value') });
    return {
      engine: makeEngine(),
      specimens: {
        working: { ...(await version('doubler')), cases: numbers(2, asFrame) },
        other: { ...(await version('tripler')), cases: numbers(3, asSeries) },
        tensors: {
          ...(await version('tensor_sum')),
          cases: [
            {
              input: tensors({ name: null, shape: [2, 2], vector: matrix }),
              answer: tensors({ name: null, shape: [2], vector: sums }),
            },
          ],
        },
        slow: { ...(await version('slow')), cases: numbers(2, asArray).slice(0, 1) },
        raising: {
          ...(await version('moody')),
          cases: [
            { input: raising, answer: raising },
            { input: table({ how: text('hi') }), answer: { kind: 'value', value: ['hi'] } },
          ],
        },
        broken: await version('broken'),
        foreign: metadataOf('foreign', ['onnx']),
      },
      close: () => Promise.resolve(),
    };
  });

  const doubled = async (servable: Servable, x: number): Promise<unknown> => {
    const call = { input: table({ x: float64(x) }), params: noParams, requestId: 'r-1' };
    const answer = await servable.predict(call, callerOf(AbortSignal.timeout(60_000)));
    return answer.kind === 'table' ? answer.columns[0]?.vector.data[0] : answer;
  };
  const failing = async (promise: Promise<unknown>): Promise<CountersignError> =>
    promise.then(
      () => expect.fail('it did not fail'),
      (thrown: unknown) => (thrown instanceof CountersignError ? thrown : expect.fail(String(thrown))),
    );
  /** Worker processes that have loaded a version: forked by the zygotes of replicas. */
  const replicas = (): readonly number[] =>
    cluster.pids().filter((pid) => title(pid).startsWith('ray::ServeReplica'));

  test('a token that is wrong or missing is told as such', async () => {
    const wrong = makeEngine(1, 'not-the-token-not-the-token-not-the-token');
    const error = await failing(wrong.check(never));
    expect([error.code, error.exitCode]).toEqual(['RAY_TOKEN_REFUSED', 3]);
    const missing = await failing(makeEngine(1, null).check(never));
    expect(missing.message).toContain('it wants a token');
  });

  test('more versions than a replica has room for still all answer', async () => {
    const engine = makeEngine();
    const servables = await Promise.all(['doubler', 'tripler', 'slow', 'moody'].map((n) => load(engine, n)));
    const [doubler, tripler] = servables;
    if (doubler === undefined || tripler === undefined) return expect.fail();
    expect(doubler.detail).toContain(way);
    for (let x = 1; x < 5; x += 1) {
      expect(await doubled(doubler, x)).toBe(2 * x);
      expect(await doubled(tripler, x)).toBe(3 * x);
    }
    await engine.close();
  });

  test("a full queue in Ray is 'try again', and when", async () => {
    const engine = makeEngine(3, cluster.token, { max_ongoing_requests: 1, max_queued_requests: 1 });
    const { metadata, artifact } = await pythonVersion('slow');
    const slow = await engine.loader({ ...metadata, model: 'busy' }, artifact).load(never, ignore);
    const call = { input: table({ x: float64(1) }), params: noParams, requestId: 'r-3' };
    const asked = Array.from({ length: 8 }, () => slow.predict(call, callerOf(AbortSignal.timeout(60_000))));
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(8);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'RAY_BUSY', status: 503, facts: { retryAfterSeconds: 1 } });
    await engine.close();
  });

  test('a stream comes item by item, and one that is left frees the version', async () => {
    const engine = makeEngine();
    const streamer = await load(engine, 'streamer');
    expect(streamer.streams).toBe(true);
    const call = { input: table({ how: text('x') }), params: new Map([['count', 5n]]), requestId: 'r-2' };
    const items: Nested[] = await Array.fromAsync(streamer.predictStream(call, staying));
    expect(items).toMatchObject([0, 1, 2, 3, 4].map((i) => ({ i, how: 'x' })));
    for await (const item of streamer.predictStream(
      { ...call, params: new Map([['count', 1000n]]) },
      staying,
    )) {
      expect(item).toMatchObject({ i: 0 });
      break;
    }
    const whole = await streamer.predict(
      { ...call, params: noParams },
      callerOf(AbortSignal.timeout(60_000)),
    );
    expect(whole).toEqual({ kind: 'value', value: 'whole' });
    await engine.close();
  });

  test('a worker that dies over a request is followed by another, and the request is answered', async () => {
    const engine = makeEngine();
    const doubler = await load(engine, 'doubler');
    expect(await doubled(doubler, 1)).toBe(2);
    const before = replicas();
    const workers = before.flatMap((pid) => leavesOf(pid));
    expect(workers.length).toBeGreaterThan(0);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    expect(await doubled(doubler, 2)).toBe(4);
    expect(replicas()).toEqual(before);
    await engine.close();
  });

  test('the only replica is killed: the request waits for the next one, and no worker is left behind', async () => {
    const engine = makeEngine();
    const doubler = await load(engine, 'doubler');
    expect(await doubled(doubler, 1)).toBe(2);
    const [replica = expect.fail()] = replicas();
    const family = [replica, ...descendants(replica)];
    process.kill(replica, 'SIGKILL');
    expect(await doubled(doubler, 3)).toBe(6);
    await eventually(() => !family.some(isRunning), 10_000, 'the workers of the dead replica ended');
    await engine.close();
  });
});

/** Processes below this one that have none of their own. */
function leavesOf(pid: number): readonly number[] {
  return descendants(pid).filter((child) => descendants(child).length === 0);
}

function title(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
