import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { descendants, eventually, isRunning } from '../support/processes.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { rayCounters } from '../support/ray-metrics.ts';
import { countersign, serve, type Served } from '../support/served.ts';

// By themselves, not with the slow tests: of twelve two failed in one run of all and none in another.
const slow = process.env['COUNTERSIGN_FAILURE_TESTS'] === '1';
const columns = { inputs: { x: 'double' }, outputs: { y: 'double' } };

describe.skipIf(!slow).each([
  ['direct', { nodes: 2, cpus: 1, direct: true }],
  ['proxy', { nodes: 2, cpus: 1 }],
])(
  'two nodes with a replica each, under light load, %s (set COUNTERSIGN_FAILURE_TESTS=1)',
  { timeout: 300_000 },
  (way, options) => {
    let registry: string;
    let cluster: RayCluster;
    let served: Served;

    beforeAll(async () => {
      registry = await mkdtemp(join(tmpdir(), 'ray-failures-'));
      const twice = 'return pd.DataFrame({"y": model_input["x"] * 2})';
      await writeModel(registry, 'twice', '1', { ...columns, python: pythonModel(twice) });
      const loading = `open(${JSON.stringify(join(registry, 'pid'))}, "w").write(str(os.getpid()))\ntime.sleep(3)`;
      await writeModel(registry, 'twice', '2', { ...columns, python: pythonModel(twice, loading) });
      cluster = await startRayCluster(options);
      const flags = ['--tracking-uri', registry, '--num-replicas', '2', '--default-version', '1'];
      served = await serve(['serve', 'twice', '--engine', 'ray', '--timeout', '60', ...flags], {
        env: cluster.env,
      });
      await served.ready();
    });
    afterAll(async () => {
      await served[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await rm(registry, { recursive: true });
    });

    const named = (...names: readonly string[]): readonly number[] =>
      cluster.pids().filter((pid) => names.some((name) => title(pid).includes(name)));
    const replicas = (): readonly number[] => named('ray::ServeReplica');
    const killed = async (pid: number | undefined): Promise<void> => {
      if (pid === undefined) expect.fail('there is none');
      process.kill(pid, 'SIGKILL');
      await eventually(() => !isRunning(pid), 5_000, 'it ended');
    };
    const bothRun = async (): Promise<void> => {
      for (let tries = 0; tries < 120; tries += 1) {
        const { stdout } = await countersign(['status', 'twice', '--json'], { env: cluster.env });
        const [{ status, runningReplicas } = {}] = JSON.parse(stdout) as {
          status: string;
          runningReplicas: number;
        }[];
        if (status === 'RUNNING' && runningReplicas === 2) return;
        await delay(500);
      }
      expect.fail('two replicas do not run');
    };

    /** Two callers, one request after another, while something happens and some seconds on; none may fail. */
    const underLoad = async (happens: () => Promise<void>): Promise<void> => {
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
        await eventually(() => answered >= enough, 150_000, 'requests are answered again');
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

    test('the controller is killed: no request fails', async () => {
      await underLoad(() => killed(named('ray::ServeController')[0]));
    });

    test('a proxy is killed: no request fails', async () => {
      await underLoad(() => killed(named('ray::ProxyActor')[0]));
    });

    test('one of two replicas is killed: no request fails, and another takes its place', async () => {
      await bothRun();
      await underLoad(() => killed(replicas()[0]));
      await bothRun();
    });

    test('a replica dies while it loads: the version comes up in another, and the answer is right', async () => {
      await bothRun();
      const answer = served.post('/serve', { x: 21 }, '2');
      const pidFile = join(registry, 'pid');
      const loader = async (): Promise<number> => Number(await readFile(pidFile, 'utf8').catch(() => '0'));
      while ((await loader()) === 0) await delay(50);
      const pid = await loader();
      await killed(replicas().find((replica) => descendants(replica).includes(pid)));
      const response = await answer;
      expect([response.status, await response.text()]).toEqual([200, '[{"y":42}]']);
      await bothRun();
    });

    test('the second node is killed: no request fails', async () => {
      await bothRun();
      await underLoad(async () => {
        const raylets = named('raylet/raylet').filter((pid) =>
          commandOf(pid).includes('--node_ip_address=127.0.0.3'),
        );
        expect(raylets).toHaveLength(1);
        await killed(raylets[0]);
      });
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
