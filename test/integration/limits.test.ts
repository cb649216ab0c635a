import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const scratch = mkdtempSync(join(tmpdir(), 'countersign-limits-'));
const registry = join(scratch, 'registry');
let python = '';
let gates = 0;

/** Answers the text; one that is the path of a file, only when that file is there. */
const gated = pythonModel(`
for path in model_input["path"]:
    while path.startswith("/") and not os.path.exists(path):
        time.sleep(0.01)
return pd.DataFrame({"answer": model_input["path"]})
`);

beforeAll(async () => {
  python = await pythonEnv('mlflow3');
  const [text, long] = [
    { type: 'string', required: true },
    { type: 'long', required: true },
  ];
  const texts = { inputs: { path: 'string' }, outputs: { answer: 'string' } };
  await writeModel(registry, 'gated', '1', { ...texts, python: gated });
  await writeModel(registry, 'other', '1', { ...texts, python: gated });
  await writeModel(registry, 'rounds', '1', {
    inputs: { n: 'long' },
    outputs: { n_out: 'long' },
    onnx: 'slow',
  });
  const visit = { type: 'array', items: { type: 'object', properties: { page: text, seconds: long } } };
  await writeModel(registry, 'visits', '1', {
    inputs: { visits: visit, key: 'binary', name: 'string' },
    outputs: { seconds: 'long', key: 'binary', name: 'string' },
    python: pythonModel(`
visits = model_input["visits"].map(lambda cell: sum(visit["seconds"] for visit in cell))
return pd.DataFrame({"seconds": visits, "key": model_input["key"], "name": model_input["name"]})
`),
  });
  await writeModel(registry, 'pages', '1', {
    inputs: { n: 'long' },
    outputs: { visits: visit, name: 'string' },
    python: pythonModel(`
visits = [[{"page": f"page {n} of \\"{n}\\"", "seconds": n}] * 3 for n in model_input["n"].tolist()]
names = ["ünd " * (n % 5) for n in model_input["n"]]
return pd.DataFrame({"visits": visits, "name": names, "more": 1})
`),
  });
  await writeModel(registry, 'anything', '1', {
    python: pythonModel(`
rows = model_input.to_dict("records") if isinstance(model_input, pd.DataFrame) else model_input
return [float(sum(row["x"])) + len(str(row["y"])) for row in rows]
`),
  });
  await writeModel(registry, 'quick', '1', {
    inputs: { a: 'float', b: 'double' },
    onnx: 'sum-and-product',
  });
}, 600_000);
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function ready(models: readonly string[], ...flags: readonly string[]): Promise<Served> {
  const from = ['--tracking-uri', registry, '--env-manager', 'local', '--python', python];
  const served = await serve(['serve', ...models, ...from, '--drain-timeout', '5', ...flags]);
  await served.ready();
  return served;
}

/** A path that is not there until it is opened. */
function gate(): { readonly path: string; readonly open: () => void } {
  const path = join(scratch, `gate-${String(gates++)}`);
  return {
    path,
    open: () => {
      writeFileSync(path, '');
    },
  };
}

const ask = (server: Served, model: string, ...paths: readonly string[]): Promise<Response> =>
  server.post(
    `/models/${model}/serve`,
    paths.map((path) => ({ path })),
  );

/** Whether an answer is still outstanding after all that could be answered at once has been. */
async function isWaiting(server: Served, answer: Promise<Response>): Promise<boolean> {
  // A whole request behind it, and some time more.
  await server.get('/livez');
  return Promise.race([answer.then(() => false), sleep(300, true)]);
}

/** Sends it until there is room. */
async function sendWhenFree(server: Served, path: string): Promise<Promise<Response>[]> {
  for (;;) {
    const answer = ask(server, 'gated', path);
    if (await isWaiting(server, answer)) return [answer];
    expect((await answer).status).toBe(429);
  }
}

describe('the queue of a version', () => {
  it('ends with 429 and Retry-After; one who leaves frees the place; no other version is slower for it', async () => {
    await using server = await ready(['gated', 'other'], '--max-queue', '2', '--default-model', 'gated');
    const { path, open } = gate();
    const running = ask(server, 'gated', path);
    expect(await isWaiting(server, running)).toBe(true);
    const leaving = new AbortController();
    const left = fetch(`${server.url}/models/gated/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path }),
      signal: leaving.signal,
    }).catch((error: unknown) => error as Error);
    const [waiting] = await sendWhenFree(server, path);

    const refused = await ask(server, 'gated', path);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'QUEUE_FULL' });
    const other = await ask(server, 'other', 'at once');
    expect(await other.json()).toEqual([{ answer: 'at once' }]);

    leaving.abort();
    expect(await left).toBeInstanceOf(Error);
    const [last] = await sendWhenFree(server, path);
    expect((await ask(server, 'gated', path)).status).toBe(429);

    open();
    for (const answer of [running, waiting, last])
      expect(await (await answer)?.json()).toEqual([{ answer: path }]);
  }, 300_000);

  it('ends in rows too', async () => {
    await using server = await ready(['gated'], '--max-queue-rows', '3');
    const { path, open } = gate();
    const running = ask(server, 'gated', path);
    expect(await isWaiting(server, running)).toBe(true);
    const three = ask(server, 'gated', path, path, path);
    expect(await isWaiting(server, three)).toBe(true);
    expect((await ask(server, 'gated', path)).status).toBe(429);
    open();
    expect((await running).status).toBe(200);
    expect(await (await three).json()).toHaveLength(3);
  }, 300_000);
});

describe('batching', () => {
  it('is off for a model without an example, and /versions says why', async () => {
    await using server = await ready(['gated']);
    expect(await batchingOf(server, 'gated')).toEqual({
      enabled: false,
      reason: 'it has no input example to try it on',
    });
  }, 300_000);

  it('is on where it is set, and a window holds the first request back until its batch is full', async () => {
    const flags = ['--batching', 'on', '--batch-window', '50000', '--max-batch-rows', '2'];
    await using server = await ready(['gated'], ...flags);
    expect(await batchingOf(server, 'gated')).toEqual({ enabled: true, reason: 'as it was set' });
    const first = ask(server, 'gated', 'a');
    expect(await isWaiting(server, first)).toBe(true);
    const second = ask(server, 'gated', 'b');
    expect(await (await first).json()).toEqual([{ answer: 'a' }]);
    expect(await (await second).json()).toEqual([{ answer: 'b' }]);
    const metrics = await (await server.get('/metrics')).text();
    expect(metrics).toMatch(/^countersign_batch_requests_count\{model="gated"\} 1$/m);
    expect(metrics).toMatch(/^countersign_batch_requests_sum\{model="gated"\} 2$/m);
  }, 300_000);
});

describe('a graph of ONNX that takes long', () => {
  const rounds = (server: Served, n: number): Promise<Response> => server.post('/models/rounds/serve', { n });
  const quick = async (server: Served): Promise<unknown> =>
    (await server.post('/models/quick/serve', { a: 2, b: 3 })).json();

  it('leaves the event loop and other models alone', async () => {
    await using server = await ready(['rounds', 'quick'], '--default-model', 'quick');
    const order: string[] = [];
    const slow = rounds(server, 2000).then((response) => order.push(`slow ${String(response.status)}`));
    for (let turn = 0; turn < 10; turn++) {
      expect((await server.get('/livez')).status).toBe(200);
      expect(await quick(server)).toEqual([{ sum: 5, product: 6 }]);
      order.push('live');
    }
    await slow;
    expect(order).toEqual([...new Array<string>(10).fill('live'), 'slow 200']);
  }, 300_000);

  it('is given up at its deadline, and its own version goes on as well', async () => {
    await using server = await ready(['rounds', 'quick'], '--default-model', 'quick', '--timeout', '3');
    const stuck = rounds(server, 1_000_000);
    expect(await quick(server)).toEqual([{ sum: 5, product: 6 }]);
    const late = await stuck;
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await server.get('/livez')).status).toBe(200);
    expect(await quick(server)).toEqual([{ sum: 5, product: 6 }]);
    expect(await (await rounds(server, 0)).json()).toEqual([{ n_out: 0 }]);
  }, 300_000);
});

describe('large bodies', () => {
  it('are read with answers to others in between', async () => {
    await using server = await ready(['quick'], '--max-queue-rows', '1000000');
    const rows = Array.from({ length: 40_000 }, (_, row) => ({ a: row, b: row / 3 }));
    const body = JSON.stringify(rows);
    // Of a size that a thread reads.
    expect(body.length).toBeGreaterThan(1024 * 1024);
    const large = 12;
    const order: string[] = [];
    let running = large;
    const lives = async (): Promise<void> => {
      while (running > 0) {
        expect((await server.get('/livez')).status).toBe(200);
        order.push('live');
      }
    };
    const bodies = Array.from({ length: large }, async () => {
      const response = await server.post('/models/quick/serve', body);
      expect(response.status).toBe(200);
      expect(await response.json()).toHaveLength(rows.length);
      running--;
      order.push('large');
    });
    await Promise.all([...bodies, lives()]);
    // Were they read on the event loop, all that have come whole by one of its turns would be answered without one between.
    const between = order.slice(order.indexOf('large'), order.lastIndexOf('large'));
    expect(between).toContain('live');
  }, 300_000);

  it('of nested, byte and text cells reach the model as small ones do, a null or a great integer among them', async () => {
    await using server = await ready(['visits'], '--max-queue-rows', '1000000');
    const rows = Array.from({ length: 12_000 }, (_, row) => ({
      visits: [
        { page: 'start', seconds: row },
        { page: '"ünd" \u0000', seconds: Number.MAX_SAFE_INTEGER },
      ],
      key: Buffer.from([row % 256, 255]).toString('base64'),
      name: row % 3 === 0 ? '' : `${String(row)} 😀`,
    }));
    const body = JSON.stringify(rows).replace('9007199254740991', '9007199254740993');
    expect(body.length).toBeGreaterThan(1024 * 1024);
    const answer = await server.post('/models/visits/serve', body);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text.slice(0, 100)).toContain('"seconds":9007199254740993,"key":"AP8="');
    const sums = rows.map(({ visits, key, name }) => ({
      seconds: (visits[0]?.seconds ?? 0) + (visits[1]?.seconds ?? 0),
      key,
      name,
    }));
    const small = JSON.stringify(rows.slice(0, 3)).replace('9007199254740991', '9007199254740993');
    expect(
      text.startsWith((await (await server.post('/models/visits/serve', small)).text()).slice(0, -1)),
    ).toBe(true);
    expect((JSON.parse(text) as unknown[]).slice(100)).toEqual(sums.slice(100));
    const wrong = await server.post('/models/visits/serve', body.replace('"seconds":11999', '"seconds":"x"'));
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain('/11999/visits/0/seconds');
  }, 300_000);

  it('of nested cells and text are answered as small ones are, under the signature and as MLflow does', async () => {
    await using server = await ready(['pages'], '--max-queue-rows', '1000000');
    const numbers = Array.from({ length: 20_000 }, (_, row) => row + 1);
    const rows = numbers.map((n) => ({ n: n === 77 ? 9007199254740991 : n }));
    const [few, many] = [rows.slice(70, 80), rows];
    const texts = async (path: string, body: (rows: readonly object[]) => unknown): Promise<string[]> => {
      const answers = [few, many].map(async (some) => {
        const answer = await server.post(`/models/pages/${path}`, body(some));
        expect(answer.status).toBe(200);
        return answer.text();
      });
      return Promise.all(answers);
    };
    const [served, longer] = await texts('serve', (some) => some);
    expect(longer?.length).toBeGreaterThan(2_000_000);
    expect(longer).toContain(served?.slice(1, -1));
    expect(served).toContain(
      '{"page":"page 9007199254740991 of \\"9007199254740991\\"","seconds":9007199254740991}',
    );
    expect(served).not.toContain('more');
    const [scored, longest] = await texts('invocations', (some) => ({ dataframe_records: some }));
    expect(longest).toContain(scored?.slice(scored.indexOf('[') + 1, scored.lastIndexOf(']')));
    expect(scored).toContain('more');
  }, 300_000);

  it('for a model without a signature reach it as small ones do', async () => {
    await using server = await ready(['anything'], '--max-queue-rows', '1000000');
    const rows = Array.from({ length: 40_000 }, (_, row) => ({ x: [row, 0.5], y: 'abc' }));
    const answer = await server.post('/models/anything/serve', JSON.stringify(rows));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(rows.map((_, row) => row + 3.5));
    const scored = await server.post(
      '/models/anything/invocations',
      JSON.stringify({ dataframe_records: rows }),
    );
    expect(await scored.json()).toEqual({ predictions: rows.map((_, row) => row + 3.5) });
  }, 300_000);
});

async function batchingOf(server: Served, model: string): Promise<unknown> {
  const listed = (await (await server.get(`/models/${model}/versions`)).json()) as {
    readonly versions: readonly { readonly batching: unknown }[];
  };
  return listed.versions[0]?.batching;
}
