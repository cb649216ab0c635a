import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { bodyFile } from '../compare.ts';
import { countersign } from '../contestants.ts';
import { load, type Measure, warm } from '../load.ts';
import type { Noise } from '../noise.ts';
import type { Prepared } from '../prepare.ts';
import type { Plan } from '../run.ts';
import { type Scenario, scenarios, serveBody } from '../scenarios.ts';
import { type Server, start } from '../server.ts';
import { type Spread, spread } from '../statistics.ts';
import { type LoopDelay, readLoopDelay } from './loop-delay.ts';

export const composedScenario = 'composed models';

/** All runs of one model at one number of connections. */
export interface ComposedCell {
  readonly model: string;
  readonly connections: number;
  readonly rows: number;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly cpuUs: Spread;
  readonly loop: { readonly [Figure in keyof LoopDelay]: Spread };
  readonly runs: readonly (Measure & { readonly loop: LoopDelay })[];
}

export interface ComposedResult {
  readonly cells: readonly ComposedCell[];
  /** The same server with nothing to do: what the machine itself adds. */
  readonly idle: LoopDelay;
}

const composed = ['rules', 'vote', 'conditional'];
/** What the composed ones are to be read against: a member asked by itself. */
const members = ['iris_forest_onnx', 'iris_forest'];
const idleMs = 2_000;

/** Composed models over members on two engines, under load: throughput, latency, and how late the event loop gets. */
export async function runComposed(plan: Plan, prepared: Prepared, noise: Noise): Promise<ComposedResult> {
  const [iris] = scenarios;
  if (iris === undefined) throw new Error('no scenario');
  await using server = await start(launch(prepared, iris));
  const { origin } = new URL(server.url);
  const models = [...members, ...composed];
  const one = await bodyFile('composed 1', serveBody(iris, 1));
  const many = await bodyFile('composed many', serveBody(iris, plan.longRows));
  for (const model of models) {
    await warm({ ...target(server, model), connections: 16, body: one }, plan.warmUpPatience);
  }
  await readLoopDelay(origin);
  await delay(idleMs);
  const idle = await readLoopDelay(origin);
  const cells: ComposedCell[] = [];
  const levels = [
    ...plan.connections.map((connections) => ({ connections, rows: 1, body: one })),
    { connections: 1, rows: plan.longRows, body: many },
  ];
  for (const level of levels) cells.push(...(await alternate(server, models, level, plan, noise)));
  return { cells, idle };
}

interface Level {
  readonly connections: number;
  readonly rows: number;
  readonly body: string;
}

async function alternate(
  server: Server,
  models: readonly string[],
  { connections, rows, body }: Level,
  { alternations, seconds }: Plan,
  noise: Noise,
): Promise<readonly ComposedCell[]> {
  const { origin } = new URL(server.url);
  const runs = models.map((): ComposedCell['runs'][number][] => []);
  for (let turn = 0; turn < alternations; turn++) {
    noise.sample();
    for (const [index, model] of models.entries()) {
      await readLoopDelay(origin);
      const measure = await load({ ...target(server, model), connections, seconds, body });
      runs[index]?.push({ ...measure, loop: await readLoopDelay(origin) });
    }
  }
  return models.map((model, index) => ({ model, connections, rows, ...summary(runs[index] ?? []) }));
}

function summary(runs: ComposedCell['runs']): Omit<ComposedCell, 'model' | 'connections' | 'rows'> {
  const over = (figure: (run: ComposedCell['runs'][number]) => number): Spread => spread(runs.map(figure));
  return {
    perSecond: over((run) => run.perSecond),
    p50Ms: over((run) => run.p50Ms),
    p99Ms: over((run) => run.p99Ms),
    cpuUs: over((run) => run.cpuUs),
    loop: {
      meanMs: over(({ loop }) => loop.meanMs),
      p50Ms: over(({ loop }) => loop.p50Ms),
      p99Ms: over(({ loop }) => loop.p99Ms),
      maxMs: over(({ loop }) => loop.maxMs),
    },
    runs,
  };
}

function launch(prepared: Prepared, iris: Scenario): ReturnType<typeof countersign> {
  const [first = '', ...others] = [...composed, ...members];
  const config = join(import.meta.dirname, 'countersign.config.ts');
  return {
    ...countersign(prepared, { model: first, body: serveBody(iris, 1) }, [...others, '--config', config]),
    path: `/models/${first}/serve`,
  };
}

function target({ url, pid }: Server, model: string): { readonly url: string; readonly pid: number } {
  return { url: new URL(`/models/${model}/serve`, url).href, pid };
}
