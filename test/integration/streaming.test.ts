import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { runProgram } from '../support/run-program.ts';
import { type Served, serve } from '../support/served.ts';

/** Far more than the buffers between a model and a caller hold. */
const endless = 1_000_000;

describe('a model with predict_stream', () => {
  let directory: string;
  let served: Served;
  let logs = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'streaming-'));
    const trackingUri = `sqlite:///${join(directory, 'mlflow.db')}`;
    const python = await pythonEnv('conformance');
    await runProgram(python, 'log_ticker', [trackingUri], directory);
    const environment = ['--env-manager', 'local', '--python', python];
    served = await serve(['serve', 'ticker', '--tracking-uri', trackingUri, ...environment], {
      cwd: directory,
    });
    await served.ready();
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const newLog = (): string => join(directory, `stream-${String(logs++)}.log`);

  /** What the model did so far: the numbers it made, and `closed`. */
  const progress = async (log: string): Promise<readonly string[]> =>
    (await readFile(log, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

  async function post(
    path: string,
    body: unknown,
  ): Promise<{ outgoing: ClientRequest; incoming: IncomingMessage }> {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const outgoing = request(served.url + path, { method: 'POST', headers });
    outgoing.end(JSON.stringify(body));
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { outgoing, incoming };
  }

  it('answers its items as events, then says that it is done', async () => {
    const log = newLog();
    const { incoming } = await post('/serve?count=2', { log });
    expect(incoming.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(await text(incoming)).toBe(
      'data: {"number":0,"filler":""}\n\ndata: {"number":1,"filler":""}\n\nevent: done\ndata: {}\n\n',
    );
    expect(await progress(log)).toEqual(['0', '1', 'closed']);
  });

  it('waits while nobody reads, and is closed when the caller leaves', async () => {
    const log = newLog();
    const { outgoing, incoming } = await post(`/serve?count=${String(endless)}`, { log });
    incoming.pause();
    const stalled = await settled(async () => (await progress(log)).length);
    expect(stalled).toBeGreaterThan(0);
    expect(stalled).toBeLessThan(endless / 100);
    outgoing.destroy();
    await expect.poll(async () => (await progress(log)).at(-1), { timeout: 30_000 }).toBe('closed');
  });

  it('answers others afterwards, on the only worker', async () => {
    const answer = await served.post('/serve', { log: newLog() });
    expect(await answer.json()).toEqual(['whole']);
  });

  it('does not stream on /invocations, where MLflow does not', async () => {
    const log = newLog();
    const { incoming } = await post('/invocations', { inputs: [{ log }], stream: true });
    expect(incoming.headers['content-type']).toBe('application/json');
    expect(JSON.parse(await text(incoming))).toEqual({ predictions: ['whole'] });
    expect(await progress(log)).toEqual([]);
  });
});

/** The count once it has stopped growing. */
async function settled(count: () => Promise<number>): Promise<number> {
  let before = -1;
  for (let now = await count(); now !== before || now === 0; now = await count()) {
    before = now;
    await delay(500);
  }
  return before;
}
