import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { descendants, eventually, isRunning } from '../support/processes.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const scratch = mkdtempSync(join(tmpdir(), 'countersign-lifecycle-'));
const registry = join(scratch, 'registry');
const cwd = join(scratch, 'cwd');
let python = '';

/** Answers as the text says: its pid, after a while (marking when it began), or never. */
const moody = pythonModel(`
how, _, rest = model_input["how"].iloc[0].partition(" ")
if how == "pid":
    return pd.DataFrame({"answer": [str(os.getpid())]})
if how == "nap":
    time.sleep(float(rest))
if how in ("slow", "spin"):
    open(rest, "w").close()
    end = time.monotonic() + (2 if how == "slow" else 600)
    while time.monotonic() < end:
        pass
if how == "hang":
    time.sleep(600)
return pd.DataFrame({"answer": [how]})
`);

beforeAll(async () => {
  python = await pythonEnv('mlflow3');
  await mkdir(cwd);
  const columns = { inputs: { how: 'string' }, outputs: { answer: 'string' } };
  await writeModel(registry, 'moody', '1', { ...columns, python: moody });
  await writeModel(registry, 'sleepy', '1', { ...columns, python: pythonModel('', 'time.sleep(600)') });
  await writeModel(registry, 'rounds', '1', {
    inputs: { n: 'long' },
    outputs: { n_out: 'long' },
    onnx: 'slow',
  });
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const start = (...args: readonly string[]): Promise<Served> =>
  serve(['serve', '--tracking-uri', registry, '--env-manager', 'local', '--python', python, ...args], {
    cwd,
  });

async function ready(...args: readonly string[]): Promise<Served> {
  const served = await start(...args);
  await served.ready();
  return served;
}

const ask = (served: Served, how: string): Promise<Response> => served.post('/serve', { how });
const workerOf = async (served: Served): Promise<number> => {
  const [row] = (await (await ask(served, 'pid')).json()) as [{ answer: string }];
  return Number(row.answer);
};

let markers = 0;
/** A path that the model creates when it begins. */
const marker = (): string => join(scratch, `began-${String(++markers)}`);

/** Sends it and resolves once the model has begun to predict. */
async function begun(served: Served, how: 'slow' | 'spin'): Promise<{ answer: Promise<Response> }> {
  const path = marker();
  const answer = ask(served, `${how} ${path}`);
  answer.catch(() => undefined);
  await eventually(() => existsSync(path), 30_000, 'the model predicts');
  return { answer };
}

const gone = (pids: readonly number[]) => (): boolean => !pids.some(isRunning);

describe('a stop', () => {
  it('finishes what runs, takes nothing new, ends its processes and exits 0', async () => {
    await using served = await ready('moody');
    const below = descendants(served.pid);
    expect(below.length).toBeGreaterThan(0);
    const { answer } = await begun(served, 'slow');
    const stopped = served.stop('SIGTERM');
    await eventually(() => served.stderr().includes('stopping'), 10_000, 'the signal was seen');
    await expect(fetch(`${served.url}/livez`)).rejects.toThrow();
    expect((await answer).status).toBe(200);
    expect(await stopped).toEqual({ code: 0, signal: null });
    await eventually(gone(below), 5_000, 'its processes are gone');
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('kills a predict past the drain time-out, answers its caller, and exits 0', async () => {
    await using served = await ready('moody', '--drain-timeout', '1');
    const below = descendants(served.pid);
    const { answer } = await begun(served, 'spin');
    expect(await served.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const status = await answer.then(
      (response) => response.status,
      () => 'cut off',
    );
    expect([502, 503, 'cut off']).toContain(status);
    await eventually(gone(below), 5_000, 'its processes are gone');
  });

  it('gives a load up at once', async () => {
    await using served = await start('sleepy');
    await eventually(() => served.stderr().includes('fetching'), 30_000, 'it loads');
    await eventually(() => descendants(served.pid).length > 0, 60_000, 'it has started Python');
    const below = descendants(served.pid);
    expect(await served.stop('SIGINT')).toEqual({ code: 0, signal: null });
    await eventually(gone(below), 5_000, 'its processes are gone');
  });

  it('takes one that comes twice at once for one', async () => {
    await using served = await ready('moody', '--drain-timeout', '1');
    await begun(served, 'spin');
    served.process.kill('SIGINT');
    served.process.kill('SIGINT');
    expect(await served.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('ends at once at a second signal', async () => {
    await using served = await ready('moody');
    const below = descendants(served.pid);
    await begun(served, 'spin');
    const stopped = served.stop('SIGTERM');
    await eventually(() => served.stderr().includes('stopping'), 10_000, 'the first signal was seen');
    served.process.kill('SIGINT');
    expect(await stopped).toEqual({ code: null, signal: 'SIGKILL' });
    await eventually(gone(below), 5_000, 'its processes are gone');
  });

  it('kills the process when a thread is stuck in an ONNX run past the drain time-out', async () => {
    await using served = await ready('rounds', '--timeout', '1', '--drain-timeout', '1');
    const response = await served.post('/serve', { n: 60_000 });
    expect(response.status).toBe(504);
    expect(await served.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('kill -9 of the server', () => {
  it('leaves no worker and no zygote behind, also not one that is busy', async () => {
    await using served = await ready('moody', '--workers', '2');
    await begun(served, 'spin');
    const below = descendants(served.pid);
    expect(below.length).toBeGreaterThanOrEqual(2);
    await served.stop('SIGKILL');
    await eventually(gone(below), 5_000, 'no process outlives it');
  });
});

describe('a worker', () => {
  let served: Served;
  beforeAll(async () => {
    served = await ready('moody', 'rounds', '--default-model', 'moody', '--timeout', '3');
  });
  afterAll(() => served[Symbol.asyncDispose]());

  it('that is killed under load is replaced: every request is answered or fails cleanly', async () => {
    const first = await workerOf(served);
    const answers = Array.from({ length: 40 }, () => ask(served, 'nap 0.02'));
    setTimeout(() => process.kill(first, 'SIGKILL'), 200);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 502)).toEqual([]);
    expect(statuses).toContain(200);
    expect(await workerOf(served)).not.toBe(first);
  });

  it('past its deadline is killed: the caller gets 504 and the next request its answer', async () => {
    const first = await workerOf(served);
    const late = await ask(served, 'hang');
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ code: 'DEADLINE_EXCEEDED', status: 504 });
    const second = await workerOf(served);
    expect(second).not.toBe(first);
    expect(isRunning(first)).toBe(false);
  });

  it('an ONNX run past its deadline is 504, and others are served meanwhile', async () => {
    const late = served.post('/models/rounds/serve', { n: 8_000 });
    expect((await ask(served, 'still here')).status).toBe(200);
    expect((await late).status).toBe(504);
    const next = await served.post('/models/rounds/serve', { n: 1 });
    expect(await next.json()).toEqual([{ n_out: 1 }]);
  });

  it('that was replaced is counted, as is every predict', async () => {
    const metrics = await (await served.get('/metrics')).text();
    for (const model of ['moody', 'rounds']) {
      expect(metrics).toMatch(
        new RegExp(`^countersign_worker_restarts_total\\{model="${model}"\\} [1-9]`, 'm'),
      );
      expect(metrics).toMatch(new RegExp(`^countersign_batch_rows_count\\{model="${model}"\\} [1-9]`, 'm'));
    }
  });
});
