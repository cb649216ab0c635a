import { countersign, mlflow } from '../contestants.ts';
import { scenarios, splitBody } from '../scenarios.ts';
import { start } from '../server.ts';
import { ratios, shownSpread, spread } from '../statistics.ts';
import type { Study } from './study.ts';

const names = ['iris forest, ONNX', 'iris forest, pyfunc'] as const;

/** Starts of one scenario's servers, in turn, in milliseconds to the first answer. */
export interface Starts {
  readonly scenario: string;
  readonly ours: readonly number[];
  readonly mlflow: readonly number[];
}

/** How long each takes from the start of its process to its first answer, nothing else being asked. */
export const starts: Study = {
  name: 'starts',
  async run(plan, prepared, noise) {
    const found: Starts[] = [];
    for (const scenario of scenarios.filter(({ name }) => names.some((one) => one === name))) {
      const body = splitBody(scenario, 1);
      const launches = [
        countersign(prepared, { model: scenario.ours, body }),
        mlflow(prepared, { model: scenario.theirs, body }),
      ] as const;
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < plan.alternations; turn++) {
        noise.sample();
        for (const [index, launch] of launches.entries()) {
          await using server = await start(launch);
          (index === 0 ? ours : theirs).push(server.startMs);
        }
      }
      found.push({ scenario: scenario.name, ours, mlflow: theirs });
    }
    return {
      study: 'Start to first answer',
      about: `Seconds from the start of the process, the environment being there; ${String(plan.alternations)} starts of each in turn.`,
      heads: ['scenario', 'MLflow', 'countersign', 'ratio'],
      lines: found.map(({ scenario, ours, mlflow: theirs }) => [
        scenario,
        shownSpread(spread(theirs.map((ms) => ms / 1000))),
        shownSpread(spread(ours.map((ms) => ms / 1000))),
        shownSpread(ratios(theirs, ours)),
      ]),
      figures: found,
    };
  },
};
