import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { uvVariables } from '../../src/environment/pip-settings.ts';
import { systemClock } from '../../src/util/clock.ts';
import { withFileLock } from '../../src/util/file-lock.ts';
import { descendants, isRunning } from './processes.ts';
import { pythonEnv } from './python-env.ts';

const run = promisify(execFile);

/** A real Ray cluster on loopback, with Ray Serve started and a token. `await using` ends every process of it. */
export interface RayCluster extends AsyncDisposable {
  /** Ray's dashboard. */
  readonly address: string;
  readonly token: string;
  /** What a client of the cluster needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Its folder for temporary files. */
  readonly temporary: string;
  /** Every living process of the cluster. */
  pids(): readonly number[];
}

interface RayClusterOptions {
  readonly nodes?: number;
  /** Of each node, whatever the machine has. */
  readonly cpus?: number;
  /**
   * Replicas can be called on ports of their own, which takes that Serve listens where they are: on 127.0.0.2 for one
   * node, on every interface for more.
   */
  readonly direct?: boolean;
  /** Where Serve listens instead. */
  readonly host?: string;
  /** What Ray is told in its environment besides. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** Nodes are 127.0.0.2, 127.0.0.3 ...: Ray takes 127.0.0.1 for the address of the machine's network. */
export async function startRayCluster(options: RayClusterOptions = {}): Promise<RayCluster> {
  const python = await pythonEnv('ray');
  // One at a time on this machine: a node that is not up within 30 s gives up.
  const lock = join(tmpdir(), 'countersign-ray-start.lock');
  const twice = (): Promise<RayCluster> => start(python, options).catch(() => start(python, options));
  return withFileLock(lock, new AbortController().signal, twice, systemClock);
}

async function start(
  python: string,
  {
    nodes = 1,
    cpus = 4,
    direct = false,
    host = direct ? (nodes === 1 ? '127.0.0.2' : '0.0.0.0') : '127.0.0.1',
    flags = {},
  }: RayClusterOptions,
): Promise<RayCluster> {
  // Short: Ray puts sockets deep into it, and the kernel cuts their path.
  const directory = await mkdtemp('/tmp/csr-');
  const temporary = join(directory, 't');
  await mkdir(temporary);
  const killNow = (): void => {
    for (const pid of pidsOf(directory)) kill(pid);
  };
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    for (let pids = pidsOf(directory); pids.length > 0; pids = pidsOf(directory)) {
      for (const pid of pids) kill(pid);
      await delay(100);
    }
    process.off('exit', killNow);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [gcs = 0, dashboard = 0, http = 0] = await freePorts(3);
    const token = randomBytes(24).toString('hex');
    const env = {
      RAY_AUTH_MODE: 'token',
      RAY_AUTH_TOKEN: token,
      RAY_USAGE_STATS_ENABLED: '0',
      // Seconds; 30 unless given, which a busy machine may not manage.
      RAY_raylet_start_wait_time_s: '120',
      // What replicas leave behind is seen here, and goes with the rest.
      TMPDIR: temporary,
      // Where the machine gets packages from, for environments that Ray makes.
      ...uvVariables(process.env),
      COUNTERSIGN_RAY_CLUSTER: directory,
      ...(direct && { RAY_SERVE_ENABLE_DIRECT_INGRESS: '1' }),
      ...flags,
    };
    const ray = async (...args: readonly string[]): Promise<void> => {
      // Not its script, which names the folder that the environment was made in.
      await run(python, ['-m', 'ray.scripts.scripts', ...args], { env: { ...process.env, ...env } });
    };
    for (let node = 0; node < nodes; node += 1) {
      const address = `127.0.0.${String(node + 2)}`;
      const [agent = 0, client = 0] = await freePorts(2);
      const head = [
        ['--head', '--port', gcs, '--dashboard-host', '127.0.0.1', '--dashboard-port', dashboard],
        ['--temp-dir', directory, '--ray-client-server-port', client],
      ].flat();
      const mine = node === 0 ? head : ['--address', `127.0.0.2:${String(gcs)}`];
      const shared = ['--num-cpus', cpus, '--object-store-memory', 100_000_000, '--disable-usage-stats'];
      const ports = ['--min-worker-port', 0, '--max-worker-port', 0, '--dashboard-agent-listen-port', agent];
      await ray('start', '--node-ip-address', address, ...[...mine, ...shared, ...ports].map(String));
    }
    // Before anybody else does, on another port than 8000.
    const startServe = `import ray
from ray import serve
ray.init("127.0.0.2:${String(gcs)}", log_to_driver=False)
serve.start(http_options={"host": "${host}", "port": ${String(http)}})`;
    await run(python, ['-c', startServe], { env: { ...process.env, ...env } });
    const address = `http://127.0.0.1:${String(dashboard)}`;
    return {
      address,
      token,
      temporary,
      env: { RAY_ADDRESS: address, RAY_AUTH_TOKEN: token },
      pids: () => pidsOf(directory),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Whoever was started with our mark or our directory, and what they started: workers rename themselves. */
function pidsOf(directory: string): readonly number[] {
  const marked = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => [`/proc/${name}/environ`, `/proc/${name}/cmdline`].some((file) => has(file, directory)))
    .map(Number);
  const all = new Set(marked.flatMap((pid) => [pid, ...descendants(pid)]));
  return [...all].filter(isRunning);
}

function has(file: string, text: string): boolean {
  try {
    return readFileSync(file).includes(text);
  } catch {
    return false;
  }
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
