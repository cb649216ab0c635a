/**
 * `npm run bench`: compares countersign with MLflow's own server (and with other servers: `--peers`) on the same
 * models and requests. `--quick`: a part of it, in two minutes. `--engine ray`: countersign on a Ray cluster against the
 * recipe of Ray's documentation instead. What it writes goes to `--out` (default
 * .cache/bench/results): results.json, report.md, throughput.svg. `--only WORD`: what has the word in its
 * name.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type ComposedResult, composedScenario, runComposed } from './composed/run.ts';
import { composedReport } from './composed/table.ts';
import { requireWrk } from './load.ts';
import { Noise } from './noise.ts';
import { cache } from './paths.ts';
import { preparePeers } from './peers/peers.ts';
import { prepare } from './prepare.ts';
import { plotOf } from './report/plot.ts';
import { reportOf } from './report/table.ts';
import { benchRay, type RayPlan } from './ray/main.ts';
import { type Plan, type Result, runScenario } from './run.ts';
import { scenarios } from './scenarios.ts';
import { studies } from './studies/studies.ts';
import type { StudyResult } from './studies/study.ts';

const whole: Plan = {
  variants: true,
  connections: [1, 8, 64],
  alternations: 5,
  seconds: 1,
  warmUpPatience: 2,
  longRows: 1000,
  peers: [],
};
const quick: Plan = {
  ...whole,
  variants: false,
  connections: [1, 64],
  alternations: 2,
  seconds: 1,
  warmUpPatience: 1,
};

const ray: RayPlan = {
  connections: [1, 8, 64],
  alternations: 5,
  seconds: 2,
  warmUpPatience: 3,
  flags: [{}, { RAY_SERVE_THROUGHPUT_OPTIMIZED: '1' }],
};
const quickRay: RayPlan = { ...ray, connections: [1, 64], alternations: 3, warmUpPatience: 2, flags: [{}] };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    only: { type: 'string' },
    engine: { type: 'string', default: 'local' },
    out: { type: 'string', default: join(cache, 'results') },
  },
});

/** `quick`: part of the quick run. */
const isChosen = ({ name, quick = false }: { readonly name: string; readonly quick?: boolean }): boolean =>
  flags.only === undefined ? quick || !flags.quick : name.includes(flags.only);
const chosen = scenarios.filter(isChosen);
const asked = studies.filter(({ name }) => isChosen({ name }));

try {
  await requireWrk();
  if (flags.engine === 'ray') {
    await benchRay(flags.quick ? quickRay : ray, flags.out, console.log);
    process.exit();
  }
  console.log('preparing: the package, a Python environment, the models (minutes, the first time)');
  const prepared = await prepare();
  const peers = flags.peers ? await preparePeers() : [];
  const plan = { ...(flags.quick ? quick : whole), peers };
  const noise = new Noise();
  const results: Result[] = [];
  for (const scenario of chosen) {
    console.log(`measuring: ${scenario.name}`);
    results.push(await runScenario(scenario, plan, prepared, noise));
  }
  let composed: ComposedResult | null = null;
  if (isChosen({ name: composedScenario })) {
    console.log(`measuring: ${composedScenario}`);
    composed = await runComposed(plan, prepared, noise);
  }
  const found: StudyResult[] = [];
  for (const study of asked) {
    console.log(`measuring: ${study.name}`);
    found.push(await study.run(plan, prepared, noise));
  }
  const report = [
    ...(composed === null ? [] : [composedReport(composed)]),
    reportOf(results, found, noise.report()),
  ].join('\n\n');
  console.log(`\n${report}`);
  await mkdir(flags.out, { recursive: true });
  const facts = {
    node: process.version,
    cores: availableParallelism(),
    plan: { ...plan, peers: peers.map(({ name }) => name) },
  };
  await writeFile(
    join(flags.out, 'results.json'),
    JSON.stringify({ ...facts, noise: noise.report(), results, composed, studies: found }, null, 1),
  );
  await writeFile(join(flags.out, 'report.md'), `${report}\n`);
  if (results.length > 0) await writeFile(join(flags.out, 'throughput.svg'), plotOf(results));
  console.log(`\nwritten to ${flags.out}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
