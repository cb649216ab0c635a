import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load, type Load, type Measure, warm } from './load.ts';
import type { Noise } from './noise.ts';
import { cache } from './paths.ts';
import { ratios, type Spread, spread } from './statistics.ts';
import type { Server } from './server.ts';

export interface Effort {
  /** Runs of each server, one after the other in turn. */
  readonly alternations: number;
  readonly seconds: number;
  /** Servers are warmed up until so many seconds brought nothing more. */
  readonly warmUpPatience: number;
}

/** A server and the body it is to be asked with. */
export interface Entrant {
  readonly label: string;
  readonly server: Server;
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `Load.idleShare`. */
  readonly idleShare?: number;
}

/** All runs of one entrant at one number of connections. */
export interface Cell {
  readonly label: string;
  readonly connections: number;
  readonly rows: number;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly cpuUs: Spread;
  readonly runs: readonly Measure[];
}

export async function bodyFile(name: string, body: string | Uint8Array): Promise<string> {
  const directory = join(cache, 'bodies');
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${name.replaceAll(/[^\w.-]+/g, '-')}.json`);
  await writeFile(path, body);
  return path;
}

/** Alternates the entrants in short runs, so that what the machine does meanwhile hits all of them. */
export async function alternate(
  entrants: readonly Entrant[],
  at: { readonly connections: number; readonly rows: number },
  effort: Effort,
  noise: Noise,
): Promise<readonly Cell[]> {
  const runs = entrants.map((): Measure[] => []);
  for (let turn = 0; turn < effort.alternations; turn++) {
    noise.sample();
    for (const [index, entrant] of entrants.entries()) {
      const { connections } = at;
      runs[index]?.push(await load({ ...loadOf(entrant), connections, seconds: effort.seconds }));
    }
  }
  return entrants.map(({ label }, index) => summary(label, at, runs[index] ?? []));
}

/** Each of them at each number of connections, which are different code to Node's compilers. */
export async function warmUp(
  entrants: readonly Entrant[],
  levels: readonly number[],
  patience: number,
): Promise<void> {
  for (const entrant of entrants) {
    for (const connections of levels) await warm({ ...loadOf(entrant), connections }, patience);
  }
}

function loadOf({ server, url, body, headers, idleShare }: Entrant): Omit<Load, 'connections' | 'seconds'> {
  return { url, pid: server.pid, cpuUs: server.cpuUs, body, headers, idleShare };
}

function summary(
  label: string,
  { connections, rows }: { readonly connections: number; readonly rows: number },
  runs: readonly Measure[],
): Cell {
  const over = (figure: (run: Measure) => number): Spread => spread(runs.map(figure));
  return {
    label,
    connections,
    rows,
    perSecond: over((run) => run.perSecond),
    p50Ms: over((run) => run.p50Ms),
    p99Ms: over((run) => run.p99Ms),
    cpuUs: over((run) => run.cpuUs),
    runs,
  };
}

/** How many times better the first is, run by run. */
export interface Ratio {
  readonly perSecond: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly cpu: Spread;
}

export function ratioOf(ours: Cell, theirs: Cell): Ratio {
  const better = (figure: (run: Measure) => number, more: boolean): Spread => {
    const [mine, other] = [ours.runs.map(figure), theirs.runs.map(figure)];
    return more ? ratios(mine, other) : ratios(other, mine);
  };
  return {
    perSecond: better((run) => run.perSecond, true),
    p50: better((run) => run.p50Ms, false),
    p99: better((run) => run.p99Ms, false),
    cpu: better((run) => run.cpuUs, false),
  };
}
