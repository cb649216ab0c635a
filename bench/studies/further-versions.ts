import { countersign, mlflow } from '../contestants.ts';
import { memoryBytes } from '../process-tree.ts';
import { scenarios, splitBody } from '../scenarios.ts';
import { type Server, start } from '../server.ts';
import { spread } from '../statistics.ts';
import { grownStore } from './grown-store.ts';
import { mebibytes, seconds, type Study } from './study.ts';

/** Versions that are asked for while the first one serves. */
const further = ['2', '3', '4'] as const;

/**
 * More versions of one model in one environment: how long the second one takes to its first answer, and what each
 * costs in memory.
 */
export const furtherVersions: Study = {
  name: 'versions',
  async run(plan, prepared, noise) {
    const scenario = scenarios.find(({ ours }) => ours === 'iris_forest');
    if (scenario === undefined) throw new Error('no scenario of iris_forest');
    const body = splitBody(scenario, 1);
    const store = await grownStore(prepared);
    const asked = { model: store.pyfunc, body };
    const runs: Run[] = [];
    for (let turn = 0; turn < Math.min(3, plan.alternations); turn++) {
      noise.sample();
      const peer = await started(mlflow({ ...prepared, trackingUri: store.trackingUri }, asked));
      await using server = await start(
        countersign({ ...prepared, trackingUri: store.trackingUri }, asked, ['--max-versions', '8']),
      );
      runs.push({ mlflow: peer, first: server.startMs, ...(await grow(server, body)) });
    }
    const second = middle(runs.map(({ mlflow, answers }) => mlflow.startMs / (answers[0] ?? Number.NaN)));
    const bytes = middle(
      runs.map(({ memory }) => ((memory.at(-1) ?? 0) - (memory[0] ?? 0)) / further.length),
    );
    return {
      study: 'Further versions of one environment',
      about: `A forest as pyfunc, version 1 serving; then versions ${further.join(', ')}, one after the other. Medians of ${String(runs.length)}.`,
      heads: ['figure', 'MLflow', 'countersign', 'ratio'],
      lines: [
        [
          'start to first answer',
          seconds(middle(runs.map(({ mlflow }) => mlflow.startMs))),
          seconds(middle(runs.map(({ first }) => first))),
          middle(runs.map(({ mlflow, first }) => mlflow.startMs / first)).toFixed(1),
        ],
        [
          'a second version, asked for to first answer',
          'another server',
          seconds(middle(runs.map(({ answers }) => answers[0] ?? Number.NaN))),
          second.toFixed(1),
        ],
        [
          'memory of each further version',
          mebibytes(middle(runs.map(({ mlflow }) => mlflow.memory))),
          mebibytes(bytes),
          (middle(runs.map(({ mlflow }) => mlflow.memory)) / bytes).toFixed(1),
        ],
      ],
      figures: runs,
    };
  },
};

interface Run {
  readonly mlflow: { readonly startMs: number; readonly memory: number };
  readonly first: number;
  /** Milliseconds to the first answer of each further version. */
  readonly answers: readonly number[];
  /** Bytes with one version, two, and so on. */
  readonly memory: readonly number[];
}

async function started(launch: Parameters<typeof start>[0]): Promise<Run['mlflow']> {
  await using server = await start(launch);
  return { startMs: server.startMs, memory: await memoryBytes(server.pid) };
}

async function grow({ url, pid }: Server, body: string): Promise<Pick<Run, 'answers' | 'memory'>> {
  const answers: number[] = [];
  const memory = [await memoryBytes(pid)];
  for (const version of further) {
    const began = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', serve_multiplexed_model_id: version },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`version ${version}: ${String(response.status)} ${text.slice(0, 500)}`);
    answers.push(performance.now() - began);
    memory.push(await memoryBytes(pid));
  }
  return { answers, memory };
}

function middle(values: readonly number[]): number {
  return spread(values).median;
}
