import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { type RayCounters, rayCounters, sum } from '../support/ray-metrics.ts';
import { countersign, serve, type Served } from '../support/served.ts';

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const columns = { inputs: { x: 'double' }, outputs: { y: 'double' } };
const application = 'countersign-times';

let registry: string;
beforeAll(async () => {
  registry = await mkdtemp(join(tmpdir(), 'ray-routing-'));
  for (const version of ['1', '2', '3'])
    await writeModel(registry, 'times', version, {
      ...columns,
      python: pythonModel(`return pd.DataFrame({"y": model_input["x"] * ${version}})`),
    });
  for (const version of ['1', '2'])
    await writeModel(registry, 'napping', version, {
      ...columns,
      // Equal files would be one artifact to the cluster.
      python: pythonModel(`time.sleep(0.2)\nreturn pd.DataFrame({"y": model_input["x"]})  # ${version}`),
    });
});
afterAll(async () => rm(registry, { recursive: true }));

/** A gateway whose models have two replicas, each with the default and room for one version beside it. */
async function gateway(cluster: RayCluster, model: string): Promise<Served> {
  const flags = [
    '--tracking-uri',
    registry,
    '--num-replicas',
    '2',
    '--max-versions',
    '1',
    '--default-version',
    '1',
  ];
  const served = await serve(['serve', model, '--engine', 'ray', ...flags], { env: cluster.env });
  await served.ready();
  return served;
}

async function times(served: Served, version: number, x: number): Promise<void> {
  const response = await served.post('/serve', { x }, String(version));
  expect([response.status, await response.json()]).toEqual([200, [{ y: x * version }]]);
}

/** So many requests for random versions, four at a time; each gets its own answer. */
async function randomTraffic(served: Served, count: number): Promise<void> {
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let i = caller; i < count; i += 4) await times(served, 1 + Math.floor(Math.random() * 3), i);
  });
  await Promise.all(callers);
}

/** How many replicas were asked in between. */
const asked = (before: RayCounters, after: RayCounters): number =>
  after.requests.filter(
    ({ way, replica, count }) =>
      count > (before.requests.find((one) => one.way === way && one.replica === replica)?.count ?? 0),
  ).length;

const answered = ({ requests }: RayCounters, way: string): number =>
  sum(requests.filter((one) => one.way === way).map(({ count }) => count));

describe.skipIf(!slow)('two replicas that can be called (set COUNTERSIGN_SLOW_TESTS=1)', () => {
  let cluster: RayCluster;
  beforeAll(async () => {
    cluster = await startRayCluster({ direct: true });
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  test('random traffic over 3 versions, 2 replicas with room for 2: no version is loaded again', async () => {
    await using served = await gateway(cluster, 'times');
    await randomTraffic(served, 100);
    const before = await rayCounters(served);
    // The default in both, the two others once; one more where both came up at the same moment in the same place.
    expect(sum(before.loads.values())).toBeLessThanOrEqual(5);
    await randomTraffic(served, 300);
    const after = await rayCounters(served);
    expect(sum(after.loads.values())).toBeLessThanOrEqual(5);
    expect(Math.min(...after.loads.values())).toBeGreaterThanOrEqual(1);
    expect(answered(after, 'direct') - answered(before, 'direct')).toBeGreaterThan(0);
    expect(answered(after, 'proxy')).toBe(0);
  });

  test('a request goes to the replica that has the version: another gateway that starts loads nothing', async () => {
    await using one = await gateway(cluster, 'times');
    for (const version of [1, 2, 3]) await times(one, version, 7);
    const before = await rayCounters(one);
    await using two = await gateway(cluster, 'times');
    for (const version of [3, 2, 1, 3, 2, 1]) await times(two, version, 7);
    expect((await rayCounters(two)).loads).toEqual(before.loads);
  });

  test('which way is in use, and why, stands in the status, with the versions and in the metrics', async () => {
    await using served = await gateway(cluster, 'times');
    const words = 'directly to 2 replicas';
    const versions = await (await served.get('/models/times/versions')).text();
    expect(versions).toContain(`Ray application ${application}, ${words}`);
    expect((await rayCounters(served)).ways.get(application)).toEqual({ way: 'direct', reason: words });
    const status = await countersign(['status', 'times'], { env: cluster.env });
    expect(status.stdout).toContain(words);
    const json = await countersign(['status', 'times', '--json'], { env: cluster.env });
    expect(JSON.parse(json.stdout)).toMatchObject([{ way: 'direct', wayReason: words }]);
  });

  test('one caller keeps to one replica; a version that keeps it busy is spread, and both are asked', async () => {
    await using served = await gateway(cluster, 'napping');
    const nap = async (x: number): Promise<void> => {
      const response = await served.post('/serve', { x }, '2');
      expect([response.status, await response.json()]).toEqual([200, [{ y: x }]]);
    };
    await nap(0);
    const first = await rayCounters(served);
    for (let x = 1; x < 6; x += 1) await nap(x);
    const alone = await rayCounters(served);
    // The default is in both of them from the start.
    expect([asked(first, alone), sum(alone.loads.values())]).toEqual([1, 3]);
    let done = false;
    const callers = Array.from({ length: 6 }, async (_, x) => {
      while (!done) await nap(x);
    });
    let hot = alone;
    while (asked(alone, hot) < 2) hot = await rayCounters(served);
    done = true;
    await Promise.all(callers);
    const { loads } = await rayCounters(served);
    expect([...loads.values()]).toEqual([2, 2]);
  });

  test('a caller who leaves does not hold the replica', async () => {
    await using served = await gateway(cluster, 'napping');
    const leaving = new AbortController();
    const left = fetch(`${served.url}/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"x": 1}',
      signal: leaving.signal,
    });
    setTimeout(() => {
      leaving.abort();
    }, 50);
    await expect(left).rejects.toThrow();
    expect((await served.post('/serve', { x: 2 })).status).toBe(200);
  });
});

describe.skipIf(!slow)('replicas whose advertised ports refuse (set COUNTERSIGN_SLOW_TESTS=1)', () => {
  test("Ray's proxy is the way, with the reason", async () => {
    // Serve listens on 127.0.0.1 only, and names the address of the node.
    await using cluster = await startRayCluster({ direct: true, host: '127.0.0.1' });
    await using served = await gateway(cluster, 'times');
    await randomTraffic(served, 40);
    const counters = await rayCounters(served);
    expect(answered(counters, 'direct')).toBe(0);
    expect(answered(counters, 'proxy')).toBeGreaterThan(0);
    const refuses = /^through Ray's proxy: 127\.0\.0\.2:\d+ refuses, 127\.0\.0\.2:\d+ refuses$/;
    expect(counters.ways.get(application)).toEqual({
      way: 'proxy',
      reason: expect.stringMatching(refuses) as string,
    });
    const versions = await (await served.get('/models/times/versions')).text();
    expect(versions).toContain('refuses');
    const status = await countersign(['status', 'times'], { env: cluster.env });
    expect(status.stdout).toContain("through Ray's proxy: 127.0.0.2:");
  }, 400_000);
});
