import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cpuMicroseconds } from './process-tree.ts';

const run = promisify(execFile);

/** One short run against one server. */
export interface Measure {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server's whole process tree per request, in microseconds. */
  readonly cpuUs: number;
}

export interface Load {
  readonly url: string;
  /** Root of the server's process tree. */
  readonly pid: number;
  /** CPU time instead of that tree's, in microseconds. */
  readonly cpuUs?: (() => Promise<number>) | undefined;
  /** What it uses of a core while nobody asks, which does not count; 0 by default. */
  readonly idleShare?: number | undefined;
  readonly connections: number;
  readonly seconds: number;
  /** Path of the file with the body. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Keeps so many connections busy for so long, one request at a time each. Throws when an answer was not 2xx. */
export async function load(options: Load): Promise<Measure> {
  const used = options.cpuUs ?? ((): Promise<number> => cpuMicroseconds(options.pid));
  const [before, beganMs] = [await used(), performance.now()];
  const said = await wrk(options);
  const idleUs = (options.idleShare ?? 0) * (performance.now() - beganMs) * 1000;
  const cpu = (await used()) - before - idleUs;
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`${options.url} failed under load:\n${said}`);
  const requests = Number(/(\d+) requests in/.exec(said)?.[1] ?? Number.NaN);
  return {
    requests,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1] ?? Number.NaN),
    p50Ms: milliseconds(/50%\s+(\S+)/.exec(said)?.[1]),
    p99Ms: milliseconds(/99%\s+(\S+)/.exec(said)?.[1]),
    cpuUs: cpu / requests,
  };
}

const longestWarmUpSeconds = 15;

/** Loads it a second at a time until so many of them, one after the other, answered no more than was answered before. */
export async function warm(options: Omit<Load, 'seconds'>, patience: number): Promise<void> {
  let [most, inVain] = [0, 0];
  for (let second = 0; second < longestWarmUpSeconds && inVain < patience; second++) {
    const { requests } = await load({ ...options, seconds: 1 });
    inVain = requests > most * 1.02 ? 0 : inVain + 1;
    most = Math.max(most, requests);
  }
}

async function wrk({ url, connections, seconds, body, headers = {} }: Load): Promise<string> {
  const script = join(import.meta.dirname, 'post.lua');
  const flags = ['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`, '--timeout', '30s', '--latency'];
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const env = { ...process.env, BODY: body, HEADERS: lines.join('\n') };
  const { stdout } = await run('wrk', [...flags, '-s', script, url], { env });
  return stdout;
}

/** Throws with what to do where there is no wrk. */
export async function requireWrk(): Promise<void> {
  await run('wrk', ['-v']).catch((error: unknown) => {
    // It prints its version and exits with 1.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('the benchmark makes its load with wrk, which is not there: apt-get install wrk');
    }
  });
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function milliseconds(text = ''): number {
  const [, value = 'NaN', unit = 'ms'] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  // wrk says 0 where no request began and ended within its window.
  return Number(value) === 0 ? Number.NaN : Number(value) * (units[unit] ?? Number.NaN);
}
