import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { uvVariables } from '../../src/environment/pip-settings.ts';
import { findUv } from '../../test/support/python-env.ts';
import { type Asked, countersign, mlflow } from '../contestants.ts';
import type { Prepared } from '../prepare.ts';
import { scenarios, splitBody } from '../scenarios.ts';
import { type Launch, start } from '../server.ts';
import { ratios, shownSpread, spread } from '../statistics.ts';
import type { Study } from './study.ts';

const scenarioName = 'iris forest, pyfunc';
/** Beside one that is not counted, which fetches what the others find in uv's cache. */
const turns = 2;
const patienceMs = 10 * 60_000;

/** How long each takes to its first answer where the environment of the model has to be built, by uv on both sides. */
export const environments: Study = {
  name: 'environments',
  async run(_plan, prepared, noise) {
    const scenario = scenarios.find(({ name }) => name === scenarioName);
    if (scenario === undefined) throw new Error(`no scenario ${scenarioName}`);
    const body = splitBody(scenario, 1);
    const uv = await findUv();
    const built = async (launch: typeof ours): Promise<number> => {
      const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
      try {
        await using server = await start(launch(prepared, { model: scenario.ours, body }, directory, uv));
        return server.startMs;
      } finally {
        await rm(directory, { recursive: true });
      }
    };
    await built(ours);
    const [mine, theirs]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < turns; turn++) {
      noise.sample();
      mine.push(await built(ours));
      theirs.push(await built(mlflows));
    }
    return {
      study: 'Start with an environment to be built',
      about: `Seconds from the start of the process to the first answer of the iris forest as pyfunc, its environment built by uv from a warm cache of packages; ${String(turns)} of each in turn. countersign compiles the modules of what it builds; MLflow's compile at their first import.`,
      heads: ['MLflow', 'countersign', 'ratio'],
      lines: [
        [
          shownSpread(spread(theirs.map((ms) => ms / 1000))),
          shownSpread(spread(mine.map((ms) => ms / 1000))),
          shownSpread(ratios(theirs, mine)),
        ],
      ],
      figures: { ours: mine, mlflow: theirs },
    };
  },
};

function ours(prepared: Prepared, asked: Asked, directory: string, uv: string): Launch {
  return building(
    countersign(prepared, asked, ['--env-manager', 'uv']),
    { COUNTERSIGN_CACHE: directory },
    uv,
  );
}

function mlflows(prepared: Prepared, asked: Asked, directory: string, uv: string): Launch {
  return building(mlflow(prepared, asked, 'uv'), { MLFLOW_ENV_ROOT: directory }, uv);
}

/** With what the machine sets for pip. */
function building(launch: Launch, folders: Readonly<Record<string, string>>, uv: string): Launch {
  const path = [dirname(uv), launch.env?.['PATH'] ?? process.env['PATH']].join(delimiter);
  return {
    ...launch,
    patienceMs,
    env: { ...uvVariables(process.env), ...launch.env, ...folders, PATH: path },
  };
}
