import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { pythonModel, writeModel } from '../../test/support/folder-models.ts';
import { startRayCluster } from '../../test/support/ray-cluster.ts';
import { alternate, type Cell, type Effort, ratioOf, warmUp } from '../compare.ts';
import { Noise } from '../noise.ts';
import { build } from '../prepare.ts';
import { shown, shownSpread } from '../statistics.ts';
import { cpuOf } from '../process-tree.ts';
import { model, rayEntrants, requireSameAnswers } from './contestants.ts';

export interface RayPlan extends Effort {
  readonly connections: readonly number[];
  /** What Ray is told in its environment, one cluster each. */
  readonly flags: readonly Readonly<Record<string, string>>[];
}

interface RayResult {
  readonly flags: Readonly<Record<string, string>>;
  /** What the cluster and the gateway use while nobody asks, in CPU seconds per second. */
  readonly idle: number;
  readonly cells: readonly Cell[];
}

/**
 * countersign over Ray against the plain recipe, on the same cluster with the same flags and the same model: one
 * replica each. The time of the whole cluster counts for both, less what it uses while nobody asks.
 */
export async function benchRay(plan: RayPlan, out: string, say: (line: string) => void): Promise<void> {
  await build();
  const registry = await mkdtemp(join(tmpdir(), 'bench-ray-'));
  try {
    const python = pythonModel('return pd.DataFrame({"y": model_input["x"] * 2})');
    const columns = { inputs: { x: 'double' }, outputs: { y: 'double' } };
    await writeModel(registry, model, '1', { ...columns, python });
    const noise = new Noise();
    const results: RayResult[] = [];
    for (const flags of plan.flags) {
      say(`measuring: Ray with ${flagsText(flags)}`);
      results.push(await measure(flags, registry, plan, noise));
    }
    const report = reportOf(results, noise);
    say(`\n${report}`);
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'ray-report.md'), `${report}\n`);
    const facts = { node: process.version, cores: availableParallelism(), plan };
    const written = JSON.stringify({ ...facts, noise: noise.report(), results }, null, 1);
    await writeFile(join(out, 'ray-results.json'), written);
  } finally {
    await rm(registry, { recursive: true });
  }
}

async function measure(
  flags: RayResult['flags'],
  registry: string,
  plan: RayPlan,
  noise: Noise,
): Promise<RayResult> {
  await using field = new AsyncDisposableStack();
  const cluster = field.use(await startRayCluster({ direct: true, flags }));
  const entrants = await rayEntrants(cluster, registry, field);
  await requireSameAnswers(entrants);
  await warmUp(entrants, [64, 1], plan.warmUpPatience);
  const idle = await idleShare(() => entrants[0]?.server.cpuUs?.() ?? cpuOf(cluster.pids()));
  const net = entrants.map((entrant) => ({ ...entrant, idleShare: idle }));
  const cells: Cell[] = [];
  for (const connections of plan.connections)
    cells.push(...(await alternate(net, { connections, rows: 1 }, plan, noise)));
  return { flags, idle, cells };
}

async function idleShare(cpuUs: () => Promise<number>): Promise<number> {
  const seconds = 4;
  const before = await cpuUs();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return ((await cpuUs()) - before) / 1e6 / seconds;
}

function reportOf(results: readonly RayResult[], noise: Noise): string {
  const { slowdown } = noise.report();
  return [
    ...results.map(tableOf),
    `Noise: the usual run was slowed down by ${((slowdown - 1) * 100).toFixed(0)}% against the fastest.`,
  ].join('\n\n');
}

function tableOf({ flags, idle, cells }: RayResult): string {
  const lines = cells.map((cell) => {
    const own = [cell.perSecond, cell.p50Ms, cell.p99Ms, cell.cpuUs].map(({ median }) => shown(median));
    const ours = cells.find(
      ({ label, connections }) => label === 'countersign' && connections === cell.connections,
    );
    const ratio = ours === undefined || ours === cell ? null : ratioOf(ours, cell);
    const against = ratio === null ? ['', ''] : [ratio.perSecond, ratio.cpu].map(shownSpread);
    return `| ${[String(cell.connections), cell.label, ...own, ...against].join(' | ')} |`;
  });
  return [
    `### Ray with ${flagsText(flags)}`,
    '',
    '| c | | requests/s | p50 ms | p99 ms | CPU us | countersign is faster | and uses less CPU |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
    `One replica each; countersign with --batching on. CPU is that of the whole cluster (and the gateway), less the ${shown(idle * 100)}% of a core that it uses idle.`,
  ].join('\n');
}

function flagsText(flags: RayResult['flags']): string {
  const all = { RAY_SERVE_ENABLE_DIRECT_INGRESS: '1', ...flags };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
