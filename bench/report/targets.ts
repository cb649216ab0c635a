import { type Cell, ratioOf } from '../compare.ts';
import type { Result } from '../run.ts';
import { ratios, shown, shownSpread, spread, type Spread } from '../statistics.ts';
import type { Starts } from '../studies/starts.ts';
import type { StudyResult } from '../studies/study.ts';

/** What there is to be judged. */
interface Found {
  readonly results: readonly Result[];
  readonly studies: readonly StudyResult[];
}

/** A figure to reach: as many times better than the other server, or at most as many times its cost. */
interface Target {
  readonly row: string;
  readonly reach: number;
  readonly most?: true;
  /** Null where it was not measured. */
  readonly figure: (found: Found, server?: string) => Spread | null;
  /** Said of servers that do less, too: how far the machine and Node let anybody get. */
  readonly floor?: true;
}

type Figure = 'perSecond' | 'p50' | 'cpu';

const mlflow = 'mlflow models serve';
const same = 'mlflow models serve, same ONNX';
const echo = 'bare Fastify echo';
const bare = 'bare Fastify with onnxruntime';
const unbatched = 'countersign --no-batching';

const onnx = 'iris forest, ONNX';
const pyfunc = 'iris forest, pyfunc';
const wideOnnx = '50-column boosting, ONNX';
const wide = '50-column boosting, pyfunc';

/** Against `mlflow models serve` unless it says otherwise. */
const targets: readonly Target[] = [
  {
    row: 'iris ONNX, 1 row, c=64: CPU per request, against a bare Fastify echo',
    reach: 2,
    most: true,
    figure: inverted(against(onnx, 64, echo, 'cpu')),
  },
  { row: 'iris ONNX, 1 row, c=64: CPU per request', reach: 100, figure: against(onnx, 64, mlflow, 'cpu') },
  {
    row: 'iris ONNX, 1 row, c=1: CPU per request',
    reach: 50,
    figure: against(onnx, 1, mlflow, 'cpu'),
    floor: true,
  },
  {
    row: 'iris ONNX, 1 row, c=1: p50',
    reach: 40,
    figure: against(onnx, 1, mlflow, 'p50'),
    floor: true,
  },
  {
    row: 'iris ONNX, 1 row, c=64: throughput',
    reach: 100,
    figure: against(onnx, 64, mlflow, 'perSecond'),
  },
  ...(
    [
      [64, 'cpu', 'CPU per request', 50],
      [1, 'cpu', 'CPU per request', 25],
      [1, 'p50', 'p50', 20],
      [64, 'perSecond', 'throughput', 50],
    ] as const
  ).map(([connections, figure, word, reach]) => ({
    row: `the same, against MLflow serving the same ONNX model, c=${String(connections)}: ${word}`,
    reach,
    figure: against(onnx, connections, same, figure),
    ...(connections === 1 && { floor: true as const }),
  })),
  ...(
    [
      [pyfunc, [2, 9, 45], 'iris forest as pyfunc'],
      [wide, [3, 15, 80], '50-column boosting as pyfunc'],
    ] as const
  ).flatMap(([scenario, reach, words]) =>
    ([1, 8, 64] as const).map((connections, index) => ({
      row: `${words}, 1 row, c=${String(connections)}: throughput`,
      reach: reach[index] ?? Number.NaN,
      figure: against(scenario, connections, mlflow, 'perSecond'),
    })),
  ),
  {
    row: '1000 rows x 50 columns of JSON, one connection: Python, throughput',
    reach: 4,
    figure: against(wide, 1, mlflow, 'perSecond', 1000),
  },
  {
    row: '1000 rows x 50 columns of JSON, one connection: ONNX, throughput',
    reach: 7,
    figure: against(wideOnnx, 1, mlflow, 'perSecond', 1000),
  },
  { row: 'start to first answer: ONNX', reach: 8, figure: ofStarts(onnx) },
  { row: 'start to first answer: Python', reach: 1.2, figure: ofStarts(pyfunc) },
  {
    row: 'a second version in the same environment, to its first answer',
    reach: 6,
    figure: ofVersions((run) => run.answers.map((ms) => run.mlflow.startMs / ms)),
  },
  {
    row: 'memory after the load (all processes), ONNX only',
    reach: 2,
    figure: memoryOf(onnx),
  },
  {
    row: 'memory of each further Python version of one environment, MiB',
    reach: 60,
    most: true,
    figure: ofVersions(({ memory }) =>
      memory.slice(1).map((bytes, index) => (bytes - (memory[index] ?? Number.NaN)) / 1024 / 1024),
    ),
  },
  {
    row: 'batching at c=1, against --no-batching: CPU per request, ONNX',
    reach: 1,
    figure: against(onnx, 1, unbatched, 'cpu'),
  },
  {
    row: 'batching at c=1, against --no-batching: CPU per request, Python',
    reach: 1,
    figure: against(pyfunc, 1, unbatched, 'cpu'),
  },
];

/** Each figure to reach that was measured, with the verdict: a spread that the aim lies in is no clear one. */
export function targetsOf(found: Found): string {
  const lines = targets.flatMap(({ row, reach, most = false, figure }) => {
    const reached = figure(found);
    if (reached === null) return [];
    const aim = `${most ? 'at most ' : ''}${shown(reach)}`;
    return [`| ${row} | ${aim} | ${shownSpread(reached)} | ${verdict(reached, reach, most)} |`];
  });
  return ['| against `mlflow models serve` | aim | this run | verdict |', '|---|---|---|---|', ...lines].join(
    '\n',
  );
}

/** What those rows come to for servers that only echo, or only run the model; nothing where they were not measured. */
export function floorsOf(found: Found): readonly string[] {
  const servers = ['countersign', bare, echo];
  const lines = targets.flatMap(({ row, reach, figure, floor = false }) => {
    const figures = floor ? servers.flatMap((server) => figure(found, server) ?? []) : [];
    return figures.length < servers.length
      ? []
      : [`| ${row} | ${shown(reach)} | ${figures.map(shownSpread).join(' | ')} |`];
  });
  if (lines.length === 0) return [];
  const head = `| against \`mlflow models serve\` | aim | ${servers.join(' | ')} |`;
  return [[head, `|---|---|${servers.map(() => '---|').join('')}`, ...lines].join('\n')];
}

function verdict({ min, median, max }: Spread, reach: number, most: boolean): string {
  const isReached = most ? median <= reach : median >= reach;
  if (isReached) return 'reached';
  return min <= reach && reach <= max ? '**missed**, within the spread' : '**missed**';
}

function cellOf(
  { results }: Found,
  scenario: string,
  at: Pick<Cell, 'label' | 'connections' | 'rows'>,
): Cell | null {
  const cells = results.find((result) => result.scenario === scenario)?.cells ?? [];
  const found = cells.find(
    ({ label, connections, rows }) =>
      label === at.label && connections === at.connections && rows === at.rows,
  );
  return found ?? null;
}

function against(
  scenario: string,
  connections: number,
  label: string,
  figure: Figure,
  rows = 1,
): Target['figure'] {
  return (found, server = 'countersign') => {
    const ours = cellOf(found, scenario, { label: server, connections, rows });
    const theirs = cellOf(found, scenario, { label, connections, rows });
    return ours === null || theirs === null ? null : ratioOf(ours, theirs)[figure];
  };
}

function inverted(figure: Target['figure']): Target['figure'] {
  return (found) => {
    const ratio = figure(found);
    return ratio === null ? null : { min: 1 / ratio.max, median: 1 / ratio.median, max: 1 / ratio.min };
  };
}

function memoryOf(scenario: string): Target['figure'] {
  return ({ results }) => {
    const servers = results.find((result) => result.scenario === scenario)?.servers ?? [];
    const [ours, theirs] = ['countersign', mlflow].map((name) => servers.find(({ label }) => label === name));
    return ours === undefined || theirs === undefined
      ? null
      : ratios([theirs.memoryBytes], [ours.memoryBytes]);
  };
}

function ofStarts(scenario: string): Target['figure'] {
  return ({ studies }) => {
    const study = studies.find(({ study: name }) => name === 'Start to first answer');
    const found = (study?.figures as readonly Starts[] | undefined)?.find((one) => one.scenario === scenario);
    return found === undefined ? null : ratios(found.mlflow, found.ours);
  };
}

interface VersionsRun {
  readonly mlflow: { readonly startMs: number };
  readonly answers: readonly number[];
  readonly memory: readonly number[];
}

function ofVersions(of: (run: VersionsRun) => readonly number[]): Target['figure'] {
  return ({ studies }) => {
    const study = studies.find(({ study: name }) => name === 'Further versions of one environment');
    if (study === undefined) return null;
    const values = (study.figures as readonly VersionsRun[]).flatMap(of);
    return spread(values);
  };
}
