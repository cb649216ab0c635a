import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Schema } from '../../src/contract/signature.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Engine, Servable } from '../../src/engine/engine.ts';
import { noParams, type Payload, type Tensor, type Vector } from '../../src/payload/payload.ts';
import type { VersionMetadata } from '../../src/registry/registry.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import {
  columnsOf,
  float32,
  float64,
  int32,
  int64,
  onnxArtifact,
  onnxVersion,
  table,
  tensors,
  text,
} from '../support/onnx-specimens.ts';
import { callerOf } from '../../src/util/caller.ts';

const never = new AbortController().signal;
const engines: Engine[] = [];
const loaded: Servable[] = [];

function engineOf(isolation: 'thread' | 'process', workers = 1): Engine {
  const engine = createOnnxEngine({ workers, isolation, clock: systemClock, logger: silentLogger });
  engines.push(engine);
  return engine;
}

/** Waits for threads that still run: ending the process under them would abort it. */
afterEach(async () => {
  await Promise.all(loaded.splice(0).map((servable) => servable.unload()));
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

async function load(
  engine: Engine,
  metadata: VersionMetadata,
  directory = onnxArtifact.directory,
): Promise<Servable> {
  const servable = await engine.loader(metadata, { directory }).load(never, () => undefined);
  loaded.push(servable);
  return servable;
}

function predict(servable: Servable, input: Payload, signal = never): Promise<Payload> {
  return servable.predict({ input, params: noParams, requestId: 'test' }, callerOf(signal));
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );

const slow = onnxVersion('slow', { inputs: columnsOf({ n: 'long' }) });
const pair = onnxVersion('sum-and-product', { inputs: columnsOf({ a: 'float', b: 'double' }) });
const rounds = (n: number): Payload => table({ n: int64(n) });
/** Long enough that everything else in a test happens meanwhile; still ends by itself. */
const long = rounds(1500);
const answerTo = (n: number): Payload => table({ n_out: int64(n) });

function timeUp(): DOMException {
  return new DOMException('time is up', 'TimeoutError');
}

describe('threads', () => {
  test('the event loop goes on while a model runs', async () => {
    const servable = await load(engineOf('thread'), slow);
    let ticks = 0;
    let running = true;
    const count = (): void => {
      ticks += 1;
      if (running) setTimeout(count, 1);
    };
    count();
    await predict(servable, rounds(300));
    running = false;
    // A run on this thread would have left none but the first.
    expect(ticks).toBeGreaterThan(10);
  });

  test('a run past its deadline is retired, and its version and others are served meanwhile', async () => {
    const engine = engineOf('thread');
    const [stuck, other] = await Promise.all([load(engine, slow), load(engine, pair)]);
    const deadline = new AbortController();
    const late = predict(stuck, long, deadline.signal);
    deadline.abort(timeUp());
    expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
    expect(await predict(stuck, rounds(0))).toEqual(answerTo(0));
    expect(await predict(other, table({ a: float32(1), b: float64(2) }))).toEqual(
      table({ sum: float32(3), product: float32(2) }),
    );
  });

  test('three retired runs make a version stuck, until one of them ends', async () => {
    const servable = await load(engineOf('thread'), slow);
    for (let run = 0; run < 3; run++) {
      // A quick one first, so that the long one is running and not waiting when its time is up.
      expect(await predict(servable, rounds(0))).toEqual(answerTo(0));
      const deadline = new AbortController();
      const late = predict(servable, rounds(1500), deadline.signal);
      deadline.abort(timeUp());
      expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
    }
    expect(await codeOf(predict(servable, rounds(0)))).toBe('MODEL_STUCK');
    await vi.waitFor(
      async () => {
        expect(await predict(servable, rounds(0))).toEqual(answerTo(0));
      },
      {
        timeout: 240_000,
        interval: 100,
      },
    );
  }, 300_000);

  test('a run that nobody waits for is retired when its time is up for somebody behind it', async () => {
    const servable = await load(engineOf('thread'), slow);
    const leaving = new AbortController();
    const left = predict(servable, long, leaving.signal);
    leaving.abort(new Error('gone'));
    expect(await codeOf(left)).toBe('CALLER_LEFT');
    const deadline = new AbortController();
    const behind = predict(servable, rounds(0), deadline.signal);
    deadline.abort(timeUp());
    expect(await codeOf(behind)).toBe('DEADLINE_EXCEEDED');
    expect(await predict(servable, rounds(0))).toEqual(answerTo(0));
  });

  test('unloading waits for no run, and closing the engine waits for all', async () => {
    const engine = engineOf('thread');
    const servable = await load(engine, slow);
    const events: string[] = [];
    const running = codeOf(predict(servable, rounds(300))).then((code) => events.push(String(code)));
    await servable.unload();
    const closing = engine.close().then(() => events.push('closed'));
    await Promise.all([running, closing]);
    expect(events).toEqual(['SERVER_STOPPING', 'closed']);
  });

  test('runs go to the executors in the order they came', async () => {
    const servable = await load(engineOf('thread', 2), slow);
    expect(servable.executors).toBe(2);
    const done: number[] = [];
    const runs = [40, 40, 0, 0].map((n, index) => predict(servable, rounds(n)).then(() => done.push(index)));
    await Promise.all(runs);
    expect(done.slice(0, 2).sort()).not.toEqual([2, 3]);
  });
});

describe('processes', () => {
  const children = (): number[] =>
    execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('process-entry'))
      .map((line) => Number.parseInt(line, 10));

  test('a run past its deadline is killed', async () => {
    const servable = await load(engineOf('process'), slow);
    const before = children();
    const deadline = new AbortController();
    const late = predict(servable, rounds(1_000_000), deadline.signal);
    deadline.abort(timeUp());
    expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
    expect(await predict(servable, rounds(0))).toEqual(answerTo(0));
    expect(children()).not.toEqual(before);
  });

  test('a run whose process dies is tried once more, and given up when that one dies too', async () => {
    const servable = await load(engineOf('process'), slow);
    const kill = (): number[] => {
      const pids = children();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      return pids;
    };
    const once = predict(servable, rounds(300));
    expect(kill()).toHaveLength(1);
    expect(await once).toEqual(answerTo(300));
    const twice = codeOf(predict(servable, rounds(1_000_000)));
    const first = kill();
    await vi.waitFor(() => {
      expect(children().filter((pid) => !first.includes(pid))).toHaveLength(1);
    });
    expect(kill()).toHaveLength(1);
    expect(await twice).toBe('WORKER_LOST');
    expect(await predict(servable, rounds(0))).toEqual(answerTo(0));
  });

  test('none outlives its gateway, even in the middle of a run', async () => {
    const script = fileURLToPath(new URL('../support/onnx-gateway.ts', import.meta.url));
    const gateway = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(createInterface(gateway.stdout), 'line')) as [string];
      const worker = Number(line);
      expect(process.kill(worker, 0)).toBe(true);
      gateway.kill('SIGKILL');
      await vi.waitFor(
        () => {
          expect(() => process.kill(worker, 0)).toThrow();
        },
        {
          timeout: 20_000,
          interval: 100,
        },
      );
    } finally {
      gateway.kill('SIGKILL');
    }
  }, 30_000);
});

describe.each(['thread', 'process'] as const)('%s', (isolation) => {
  test('every type of tensor comes back as it went', async () => {
    const cells: Record<string, Vector> = {
      double: float64(0.1, -2),
      float: float32(0.5, Number.NaN),
      half: { dtype: 'float16', data: Float16Array.of(1.5, -2) },
      int64: { dtype: 'int64', data: BigInt64Array.of(2n ** 63n - 1n, -1n) },
      int32: int32(-5, 7),
      int8: { dtype: 'int8', data: Int8Array.of(-128, 127) },
      uint8: { dtype: 'uint8', data: Uint8Array.of(0, 255) },
      bool: { dtype: 'bool', data: Uint8Array.of(1, 0) },
      string: text('', 'ü€😀'),
    };
    const named = (suffix: string): Tensor[] =>
      Object.entries(cells).map(([name, vector]) => ({ name: `${name}_${suffix}`, shape: [2], vector }));
    const inputs: Schema = {
      kind: 'tensors',
      named: true,
      tensors: [{ name: 'double_in', dtype: 'float64', shape: [-1] }],
    };
    const servable = await load(engineOf(isolation), onnxVersion('echo', { inputs }));
    expect(await predict(servable, tensors(...named('in')))).toEqual(tensors(...named('out')));
  });

  test.each([
    ['tree-strings', { label: text('red', 'green') }, { red: 0.5, green: 0, blue: 0.5 }],
    ['tree-integers', { label: int64(7, -1) }, { '7': 0.5, '-1': 0, '9': 0.5 }],
  ])('the classifier %s answers labels and probabilities', async (name, labels, first) => {
    const inputs = columnsOf({ p: 'double', q: 'double' });
    const servable = await load(engineOf(isolation), onnxVersion(name, { inputs }));
    const answer = await predict(servable, table({ p: float64(1, 3), q: float64(9, 1) }));
    expect(answer).toMatchObject({ ...table(labels), columns: [{}, { name: 'probabilities' }] });
    expect(answer.kind === 'table' && answer.columns[1]?.vector.data[0]).toEqual(
      Object.assign(Object.create(null) as object, first),
    );
  });
});

describe('loading', () => {
  const inputs = columnsOf({ p: 'float', q: 'float', r: 'float' });
  const row = table({ p: float32(1), q: float32(1), r: float32(1) });

  test('weights in a file of their own are found, and counted', async () => {
    const servable = await load(engineOf('thread'), onnxVersion('external', { inputs }));
    expect(await predict(servable, row)).toEqual(table({ y: float32(6.5) }));
    // Its runs are quick: on the event loop. A thread is there from the first large one on.
    expect(servable.memoryBytes).toBe(232 + 12);
    const many = Array.from({ length: 1000 }, () => 1);
    const rows = table({ p: float32(...many), q: float32(...many), r: float32(...many) });
    expect(await predict(servable, rows)).toEqual(table({ y: float32(...many.map(() => 6.5)) }));
    expect(servable.memoryBytes).toBe(2 * (232 + 12));
  });

  test('the model may be a folder', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'onnx-'));
    try {
      mkdirSync(join(directory, 'data'));
      copyFileSync(join(onnxArtifact.directory, 'affine.onnx'), join(directory, 'data', 'model.onnx'));
      const servable = await load(
        engineOf('thread'),
        onnxVersion('m', { inputs }, { data: 'data' }),
        directory,
      );
      expect(await predict(servable, row)).toEqual(table({ y: float32(6.5) }));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['an output that is no tensor', 'sequence.onnx', 'ENGINE_CANNOT_LOAD'],
    ['bytes that are no model', 'external.weights', 'ENGINE_CANNOT_LOAD'],
    ['a file that is not there', 'gone.onnx', 'ARTIFACT_UNREADABLE'],
    ['a file outside the artifact', '../../../package.json', 'ARTIFACT_UNREADABLE'],
  ])('%s is refused', async (_, data, code) => {
    expect(await codeOf(load(engineOf('thread'), onnxVersion('m', { inputs }, { data })))).toBe(code);
  });
});

test('small models that are loaded at once are quick all the same, and have no thread each', async () => {
  const engine = engineOf('thread');
  const version = onnxVersion('affine', { inputs: columnsOf({ p: 'double' }) });
  const loaded = await Promise.all(Array.from({ length: 12 }, () => load(engine, version)));
  const quick = loaded.filter(({ detail }) => detail.includes('on the event loop'));
  // Others on the machine can slow a model's every trial down, but hardly those of most.
  expect(quick.length).toBeGreaterThan(6);
});

test('the rows of a batch are answered as each alone, on the event loop and (more than 64) in the thread', async () => {
  const servable = await load(
    engineOf('thread'),
    onnxVersion('affine', { inputs: columnsOf({ p: 'double' }) }),
  );
  expect(servable.detail).toContain('up to 64 rows at once on the event loop');
  const matrix = (rows: readonly (readonly number[])[]): Payload => {
    const column = (index: number): Vector => float64(...rows.map((cells) => cells[index] ?? 0));
    return table({ p: column(0), q: column(1), r: column(2) });
  };
  const answers = async (rows: readonly (readonly number[])[]): Promise<number[]> => {
    const answer = await predict(servable, matrix(rows));
    return answer.kind === 'table' ? Array.from((answer.columns[0]?.vector.data ?? []) as Float32Array) : [];
  };
  const cell = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
  const row = fc.tuple(cell, cell, cell);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 100, size: 'max' }), async (rows) => {
      const alone = await Promise.all(rows.map((one) => answers([one])));
      expect(await answers(rows)).toEqual(alone.flat());
    }),
    { numRuns: 30 },
  );
});
