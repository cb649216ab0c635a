import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine, PredictCall, Servable } from '../../src/engine/engine.ts';
import { createPythonEngine, type PythonEngineOptions } from '../../src/engine/python/engine.ts';
import { CountersignError } from '../../src/errors/countersign-error.ts';
import { type Nested, noParams, type Params, type Payload } from '../../src/payload/payload.ts';
import { systemClock } from '../../src/util/clock.ts';
import { RecordingLogger } from '../fakes/recording-logger.ts';
import { engineSuite, type EngineUnderTest, type Specimen } from '../suites/engine.ts';
import { float64, table, tensors, text } from '../support/onnx-specimens.ts';
import { pythonEnv } from '../support/python-env.ts';
import {
  hostDirectory,
  listing,
  metadataOf,
  modelDirectory,
  oneEnvironment,
  pythonVersion,
} from '../support/python-models.ts';
import { callerOf } from '../../src/util/caller.ts';

const never = new AbortController().signal;
const staying = callerOf(never);
const ignore = (): void => undefined;
const root = await mkdtemp(join(tmpdir(), 'countersign-python-'));
const logger = new RecordingLogger();
const marker = join(root, 'died-once');

/** Waits until a condition holds; the test's own timeout is the deadline. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function makeEngine(more: Partial<PythonEngineOptions> = {}, environment = 'models'): Promise<Engine> {
  return createPythonEngine({
    environments: await oneEnvironment(environment),
    workers: 1,
    hostDirectory,
    runtimeDir: root,
    env: { ...process.env, MOODY_MARKER: marker },
    clock: systemClock,
    logger,
    ...more,
  });
}

const call = (input: Payload, params: Params = noParams): PredictCall => ({
  input,
  params,
  requestId: 'r-1',
});
const how = (word: string): PredictCall => call(table({ how: text(word) }));
const value = (payload: Payload): Nested =>
  payload.kind === 'value' ? payload.value : expect.fail(payload.kind);

async function load(engine: Engine, name: string, flavors: readonly string[] = []): Promise<Servable> {
  const { metadata, artifact } = await pythonVersion(name, flavors);
  return engine.loader(metadata, artifact).load(never, ignore);
}

async function failing(promise: Promise<unknown>): Promise<CountersignError> {
  const thrown: unknown = await promise.then(
    (answer: unknown) => expect.fail(`answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
  return thrown instanceof CountersignError ? thrown : expect.fail(String(thrown));
}

const numbers = (factor: number, answer: (data: number[]) => Payload): Specimen['cases'] =>
  [[1, 2.5], [4], [-0.5, 0, 7]].map((cells) => ({
    input: table({ x: float64(...cells) }),
    answer: answer(cells.map((cell) => cell * factor)),
  }));

const asFrame = (cells: number[]): Payload => table({ y: float64(...cells) });
const asSeries = (cells: number[]): Payload => ({ ...asFrame(cells), series: true }) as Payload;
const asArray = (cells: number[]): Payload =>
  tensors({ name: null, shape: [cells.length], vector: float64(...cells) });

async function underTest(options: Partial<PythonEngineOptions>): Promise<EngineUnderTest> {
  const matrix = { dtype: 'float32', data: Float32Array.of(1, 2, 3, 4) } as const;
  const sums = { dtype: 'float32', data: Float32Array.of(3, 7) } as const;
  const raising = table({ how: text('value') });
  return {
    engine: await makeEngine(options),
    specimens: {
      working: { ...(await pythonVersion('doubler')), cases: numbers(2, asFrame) },
      other: { ...(await pythonVersion('tripler')), cases: numbers(3, asSeries) },
      tensors: {
        ...(await pythonVersion('tensor_sum')),
        cases: [
          {
            input: tensors({ name: null, shape: [2, 2], vector: matrix }),
            answer: tensors({ name: null, shape: [2], vector: sums }),
          },
        ],
      },
      slow: { ...(await pythonVersion('slow')), cases: numbers(2, asArray).slice(0, 1) },
      raising: {
        ...(await pythonVersion('moody')),
        cases: [
          { input: raising, answer: raising },
          { input: table({ how: text('hi') }), answer: { kind: 'value', value: ['hi'] } },
        ],
      },
      broken: await pythonVersion('broken'),
      foreign: metadataOf('foreign', ['onnx']),
    },
    close: () => Promise.resolve(),
  };
}

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

engineSuite('python, forked workers', () => underTest({}));
engineSuite('python, spawned workers', () => underTest({ fork: false, workers: 2 }));

describe('forking', () => {
  const x = table({ u: float64(2, -2), v: float64(2, -2) });

  test.each([
    ['sklearn_forest', 'sklearn'],
    ['hist_boosting', 'sklearn'],
    ['xgboost', 'xgboost'],
    ['lightgbm', 'lightgbm'],
  ])('a forked worker answers with %s', async (name, flavor) => {
    const engine = await makeEngine();
    const servable = await load(engine, name, [flavor]);
    expect(servable.detail).toContain('1 forked worker');
    const answer = await servable.predict(call(x), callerOf(AbortSignal.timeout(60_000)));
    expect(answer.kind === 'tensors' ? [...(answer.tensors[0]?.vector.data ?? [])].map(Number) : []).toEqual([
      1, 0,
    ]);
    await servable.unload();
    await engine.close();
  });

  test('a forked worker answers with torch, under mlflow-skinny', async () => {
    const engine = await makeEngine({}, 'torch');
    const { metadata, artifact } = await pythonVersion('torch_net', ['pytorch'], 'torch');
    const servable = await engine.loader(metadata, artifact).load(never, ignore);
    expect(servable.detail).toContain('1 forked worker');
    const answer = await servable.predict(call(x), callerOf(AbortSignal.timeout(60_000)));
    expect(answer.kind === 'tensors' ? answer.tensors[0]?.shape : []).toEqual([2]);
    await servable.unload();
    await engine.close();
  });

  test('forked workers draw their own random numbers', async () => {
    const engine = await makeEngine({ workers: 2 });
    const servable = await load(engine, 'moody');
    const [first, second] = await Promise.all([
      servable.predict(how('random'), staying),
      servable.predict(how('random'), staying),
    ]);
    expect(first).not.toEqual(second);
    await servable.unload();
    await engine.close();
  });

  test('an environment whose zygote is killed goes on', async () => {
    const engine = await makeEngine();
    const servable = await load(engine, 'moody');
    const [pid] = pidsOf(await servable.predict(how('pid'), staying));
    process.kill(await parentOf(pid ?? expect.fail()), 'SIGKILL');
    expect(await servable.predict(how('hi'), staying)).toEqual({ kind: 'value', value: ['hi'] });
    const other = await load(engine, 'doubler');
    expect(await other.predict(call(table({ x: float64(2) })), staying)).toEqual(asFrame([4]));
    await Promise.all([servable.unload(), other.unload()]);
    await engine.close();
  });
});

const pidsOf = (answer: Payload): number[] => [value(answer)].flat().map(Number);

async function parentOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ')[1]);
}

const alive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

describe('workers that misbehave', () => {
  let engine: Engine;
  let moody: Servable;
  beforeAll(async () => {
    engine = await makeEngine({ abandonedTimeoutMs: 500 });
    moody = await load(engine, 'moody');
  });
  afterAll(async () => {
    await moody.unload();
    await engine.close();
  });
  const answers = async (): Promise<void> => {
    expect(await moody.predict(how('still here'), staying)).toEqual({ kind: 'value', value: ['still here'] });
  };
  const pid = async (): Promise<number> =>
    pidsOf(await moody.predict(how('pid'), staying))[0] ?? expect.fail();

  test('a request whose worker dies once is answered by another', async () => {
    const before = await pid();
    expect(await moody.predict(how('die once'), staying)).toEqual({ kind: 'value', value: ['die once'] });
    expect(await pid()).not.toBe(before);
  });

  test('a request that kills two workers is WORKER_LOST, and the next is answered', async () => {
    expect((await failing(moody.predict(how('die'), staying))).code).toBe('WORKER_LOST');
    await answers();
  });

  test('an idle worker that is killed is replaced', async () => {
    const before = await pid();
    process.kill(before, 'SIGKILL');
    await until(() => !alive(before));
    await answers();
  });

  test('a running request whose worker is killed from outside is answered all the same', async () => {
    const before = await pid();
    const servable = await load(engine, 'slow');
    const running = servable.predict(call(table({ x: float64(3) })), staying);
    const slowPid = await childBeside(before);
    process.kill(slowPid, 'SIGKILL');
    expect(await running).toEqual(asArray([6]));
    await servable.unload();
  });

  test.each(['hang', 'spin'])(
    'a worker that does not come back (%s) is killed at the deadline',
    async (word) => {
      const before = await pid();
      expect((await failing(moody.predict(how(word), callerOf(AbortSignal.timeout(300))))).code).toBe(
        'DEADLINE_EXCEEDED',
      );
      await until(() => !alive(before));
      await answers();
    },
  );

  test('a predict that nobody waits for any more does not hold its worker for ever', async () => {
    const before = await pid();
    const leaving = new AbortController();
    const left = moody.predict({ ...how('hang'), requestId: 'r-hang' }, callerOf(leaving.signal));
    await until(() =>
      logger.lines.some(({ data }) => data['line'] === 'hanging' && data['requestId'] === 'r-hang'),
    );
    leaving.abort();
    expect((await failing(left)).code).toBe('CALLER_LEFT');
    await answers();
    await until(() => !alive(before));
  });

  test.each([
    ['value', 'MODEL_FAILED', 500, undefined, 'raised ValueError'],
    ['exit', 'MODEL_FAILED', 500, undefined, 'raised SystemExit'],
    ['invalid', 'MODEL_FAILED', 400, 'INVALID_PARAMETER_VALUE', 'raised MlflowException'],
    ['mlflow', 'MODEL_FAILED', 503, 'TEMPORARILY_UNAVAILABLE', 'raised MlflowException'],
    ['set', 'MODEL_OUTPUT_UNSUPPORTED', 500, undefined, 'answered a set'],
  ])('%s in the model is %s with status %s', async (word, code, status, mlflowCode, words) => {
    const before = await pid();
    const error = await failing(moody.predict(how(word), staying));
    expect([error.code, error.status, error.facts.mlflowCode]).toEqual([code, status, mlflowCode]);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('bad value');
    expect(await pid()).toBe(before);
  });

  test("the trace of a model's exception is there for the log", async () => {
    const error = await failing(moody.predict(how('value'), staying));
    expect(String(error.facts.cause)).toContain('ValueError: bad value');
  });

  test('what a model prints, C code too, is logged under its version and request', async () => {
    await moody.predict({ ...how('print'), requestId: 'r-print' }, staying);
    const said = (line: string) => () =>
      logger.lines.some(
        ({ data }) => data['line'] === line && data['requestId'] === 'r-print' && data['model'] === 'moody',
      );
    await until(said('printed by the model'));
    await until(said('written by C code'));
  });
});

/** The pid of a process with the same parent as `sibling`. */
async function childBeside(sibling: number): Promise<number> {
  const parent = await parentOf(sibling);
  const children = await readFile(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8');
  return Number(
    children
      .trim()
      .split(' ')
      .find((pid) => pid !== String(sibling)),
  );
}

describe('loading', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await makeEngine({ env: { ...process.env, LET_IT_DIE: '1' } });
  });
  afterAll(() => engine.close());

  test.each([
    ['broken', 'LOAD_FAILED', 'RuntimeError: the weights are not here'],
    ['lacking', 'MODULE_MISSING', "'a_module_nobody_has'"],
    ['dying', 'LOAD_FAILED', 'about to fall over'],
  ])('the reason why %s cannot be loaded is one sentence', async (name, code, words) => {
    const error = await failing(load(engine, name));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
  });

  test('a directory without a model says so', async () => {
    const error = await failing(
      engine.loader(metadataOf('none', ['python_function']), { directory: root }).load(never, ignore),
    );
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toContain('MLmodel');
  });

  test('an interpreter that is none says so', async () => {
    const environment = {
      python: join(root, 'no-python'),
      pythonVersion: '3',
      id: 'none',
      description: 'none',
    };
    const lost = await makeEngine({ environments: { prepare: () => Promise.resolve(environment) } });
    expect((await failing(load(lost, 'doubler'))).code).toBe('WORKER_NOT_STARTED');
    await lost.close();
  });

  test('an environment without mlflow is told by the name of the module', async () => {
    const bare = await makeEngine({}, 'moto');
    const { metadata, artifact } = await pythonVersion('doubler');
    const error = await failing(bare.loader(metadata, artifact).load(never, ignore));
    expect([error.code, error.message.includes("'numpy'")]).toEqual(['MODULE_MISSING', true]);
    await bare.close();
  });

  test('nothing is written into the artifact, and libraries run one thread', async () => {
    const directory = await modelDirectory('versions');
    const before = await listing(directory);
    const servable = await load(engine, 'versions');
    const answer = value(await servable.predict(how('x'), staying));
    expect(await listing(directory)).toEqual(before);
    expect(answer).toMatchObject({ threads: '1' });
    await servable.unload();
  });

  test('versions of conflicting environments answer side by side, each with its own library', async () => {
    const old = await makeEngine({}, 'mlflow2');
    const servables = await Promise.all([load(engine, 'versions'), load(old, 'versions')]);
    const answers = await Promise.all(servables.map((servable) => servable.predict(how('x'), staying)));
    expect(answers.map(value)).toMatchObject([{ pandas: '3.1.1' }, { pandas: '2.3.3' }]);
    await Promise.all(servables.map((servable) => servable.unload()));
    await old.close();
  });
});

describe('streams', () => {
  let engine: Engine;
  let streamer: Servable;
  beforeAll(async () => {
    engine = await makeEngine();
    streamer = await load(engine, 'streamer');
  });
  afterAll(async () => {
    await streamer.unload();
    await engine.close();
  });
  const collect = async (items: AsyncIterable<Nested>): Promise<Nested[]> => Array.fromAsync(items);

  test('says that it streams', () => {
    expect(streamer.streams).toBe(true);
  });

  test('items come in order, with params, and the worker is free afterwards', async () => {
    const items = await collect(
      streamer.predictStream({ ...how('x'), params: new Map([['count', 5n]]) }, staying),
    );
    expect(items).toMatchObject([0, 1, 2, 3, 4].map((i) => ({ i, how: 'x' })));
    expect(value(await streamer.predict(how('x'), staying))).toBe('whole');
  });

  test('a reader who stops early closes the generator and frees the worker', async () => {
    for await (const item of streamer.predictStream(
      { ...how('x'), params: new Map([['count', 1000n]]) },
      staying,
    )) {
      expect(item).toMatchObject({ i: 0 });
      break;
    }
    expect(value(await streamer.predict(how('x'), staying))).toBe('whole');
    await until(() => logger.lines.some(({ data }) => data['line'] === 'stream closed'));
  });

  test('an exception in the middle comes after the items before it', async () => {
    const seen: Nested[] = [];
    const reading = (async () => {
      for await (const item of streamer.predictStream(how('raise'), staying)) seen.push(item);
    })();
    expect((await failing(reading)).code).toBe('MODEL_FAILED');
    expect(seen).toHaveLength(3);
    expect(value(await streamer.predict(how('x'), staying))).toBe('whole');
  });

  test('a caller who leaves between two items ends the stream', async () => {
    const leaving = new AbortController();
    const reading = (async () => {
      for await (const item of streamer.predictStream(
        { ...how('x'), params: new Map([['count', 1000n]]) },
        callerOf(leaving.signal),
      ))
        if (item !== null) leaving.abort();
    })();
    expect((await failing(reading)).code).toBe('CALLER_LEFT');
    expect(value(await streamer.predict(how('x'), staying))).toBe('whole');
  });
});

test('no worker outlives a gateway that is killed, however busy it is', async () => {
  const parent = spawn(process.execPath, [
    join(import.meta.dirname, '../support/engine-parent.ts'),
    await pythonEnv('models'),
    await modelDirectory('moody'),
    root,
  ]);
  try {
    const [line = '[]'] = await Array.fromAsync(takeFirst(createInterface(parent.stdout)));
    const pids = JSON.parse(line) as number[];
    const zygote = await parentOf(pids[0] ?? expect.fail());
    expect([zygote, ...pids].every(alive)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => ![zygote, ...pids].some(alive));
  } finally {
    parent.kill('SIGKILL');
  }
}, 60_000);

async function* takeFirst<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  for await (const item of items) {
    yield item;
    return;
  }
}
