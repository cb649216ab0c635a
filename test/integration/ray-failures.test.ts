import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Dashboard } from '../../src/engine/ray/dashboard.ts';
import { pythonModel, writeModel } from '../support/folder-models.ts';
import { descendants, eventually, isRunning } from '../support/processes.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { rayCounters } from '../support/ray-metrics.ts';
import { serve, type Served } from '../support/served.ts';

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const columns = { inputs: { x: 'double' }, outputs: { y: 'double' } };

describe.skipIf(!slow).each([
  ['direct', { nodes: 2, cpus: 1, direct: true }],
  ['proxy', { nodes: 2, cpus: 1 }],
])(
  'two nodes with a replica each, under light load, %s (set COUNTERSIGN_SLOW_TESTS=1)',
  { timeout: 300_000 },
  (way, options) => {
    let registry: string;
    let cluster: RayCluster;
    let dashboard: Dashboard;
    let served: Served;

    beforeAll(async () => {
      registry = await mkdtemp(join(tmpdir(), 'ray-failures-'));
      const twice = 'return pd.DataFrame({"y": model_input["x"] * 2})';
      await writeModel(registry, 'twice', '1', { ...columns, python: pythonModel(twice) });
      const loading = `open(${JSON.stringify(join(registry, 'pid'))}, "w").write(str(os.getpid()))\ntime.sleep(3)`;
      await writeModel(registry, 'twice', '2', { ...columns, python: pythonModel(twice, loading) });
      cluster = await startRayCluster(options);
      dashboard = new Dashboard(new URL(cluster.address), () => Promise.resolve(cluster.token));
      const flags = ['--tracking-uri', registry, '--num-replicas', '2', '--default-version', '1'];
      served = await serve(['serve', 'twice', '--engine', 'ray', '--timeout', '60', ...flags], {
        env: cluster.env,
      });
      await served.ready();
    });
    afterAll(async () => {
      await served[Symbol.asyncDispose]();
      await dashboard.close();
      await cluster[Symbol.asyncDispose]();
      await rm(registry, { recursive: true });
    });

    const named = (...names: readonly string[]): readonly number[] =>
      cluster.pids().filter((pid) => names.some((name) => title(pid).includes(name)));
    const killed = async (pid: number | undefined): Promise<void> => {
      if (pid === undefined) expect.fail('there is none');
      process.kill(pid, 'SIGKILL');
      await eventually(() => !isRunning(pid), 5_000, 'it ended');
    };
    /** Where replicas can be called Ray runs one on the head only. */
    const proxies = way === 'direct' ? 1 : 2;
    /** All that was started runs, and Ray says so; none of it is a process that was killed. */
    const isWhole = async (): Promise<boolean> => {
      const processes = ['ray::ServeController', 'ray::ProxyActor', 'ray::ServeReplica'].map(
        (name) => named(name).length,
      );
      if (!isDeepStrictEqual(processes, [1, proxies, 2])) return false;
      const late = AbortSignal.timeout(5_000);
      const instance = await dashboard.instance(late).catch(() => null);
      const application = instance?.applications.get('countersign-twice');
      return (
        application?.status === 'RUNNING' &&
        application.runningReplicas === 2 &&
        (way === 'proxy' || application.targets.length === 2) &&
        instance?.proxies.length === proxies
      );
    };
    const whole = async (): Promise<void> => {
      const end = performance.now() + 120_000;
      while (!(await isWhole())) {
        if (performance.now() > end) expect.fail('the cluster does not heal');
        await delay(250);
      }
    };

    /** Two callers, one request after another, while something happens and until it is healed; none may fail. */
    const underLoad = async (happens: () => Promise<void>, healed: () => Promise<void>): Promise<void> => {
      const failures: string[] = [];
      expect((await served.post('/serve', { x: 0 })).status).toBe(200);
      let over = false;
      let answered = 0;
      const callers = [1, 2].map(async (caller) => {
        for (let x = caller; !over; x += 2) {
          const response = await served.post('/serve', { x });
          const text = await response.text();
          if (response.status !== 200 || text !== `[{"y":${String(x * 2)}}]`)
            failures.push(`${String(response.status)} ${text}`);
          answered += 1;
          await delay(10);
        }
      });
      try {
        await delay(500);
        await happens();
        const enough = answered + 100;
        await healed();
        await eventually(() => answered >= enough, 60_000, 'requests are answered again');
      } finally {
        over = true;
        await Promise.all(callers);
      }
      expect(failures).toEqual([]);
    };

    test('requests go the way that this is about', async () => {
      expect((await served.post('/serve', { x: 1 })).status).toBe(200);
      expect(new Set((await rayCounters(served)).requests.map((one) => one.way))).toEqual(new Set([way]));
    });

    test.each([
      ['the controller', 'ray::ServeController'],
      ['a proxy', 'ray::ProxyActor'],
      ['one of two replicas', 'ray::ServeReplica'],
    ])('%s is killed: no request fails, and another takes its place', async (_, name) => {
      await whole();
      await underLoad(() => killed(named(name)[0]), whole);
    });

    test('a replica dies while it loads: the version comes up in another, and the answer is right', async () => {
      await whole();
      const answer = served.post('/serve', { x: 21 }, '2');
      const pidFile = join(registry, 'pid');
      const loader = async (): Promise<number> => Number(await readFile(pidFile, 'utf8').catch(() => '0'));
      while ((await loader()) === 0) await delay(50);
      const pid = await loader();
      await killed(named('ray::ServeReplica').find((replica) => descendants(replica).includes(pid)));
      const response = await answer;
      expect([response.status, await response.text()]).toEqual([200, '[{"y":42}]']);
    });

    test('the second node is killed: no request fails', async () => {
      await whole();
      const isGone = async (): Promise<void> => {
        const running = async (): Promise<number | undefined> => {
          const instance = await dashboard.instance(AbortSignal.timeout(5_000)).catch(() => null);
          return instance?.applications.get('countersign-twice')?.runningReplicas;
        };
        for (let tries = 0; (await running()) !== 1; tries += 1) {
          if (tries > 240) expect.fail('Ray does not notice');
          await delay(250);
        }
        await delay(5_000);
      };
      await underLoad(async () => {
        const raylets = named('raylet/raylet').filter((pid) =>
          commandOf(pid).includes('--node_ip_address=127.0.0.3'),
        );
        expect(raylets).toHaveLength(1);
        await killed(raylets[0]);
      }, isGone);
    });
  },
);

function title(pid: number): string {
  return commandOf(pid).split('\0')[0] ?? '';
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
