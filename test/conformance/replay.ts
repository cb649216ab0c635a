import { mapBounded } from '../../src/util/map-bounded.ts';
import { type Case, caseModels, readCases } from './case.ts';
import { mismatch } from './compare.ts';
import { type Answer, send } from './send.ts';

/** How one case went. */
export interface Outcome {
  readonly case: Case;
  readonly answer: Answer;
  /** Why the answer is not the recorded one, or null. */
  readonly strict: string | null;
  /** Why it is not even within the room of the case, or null. */
  readonly withRoom: string | null;
}

const models = 2;
const requests = 4;

/** Sends every case to the server whose model has its routes under `{url}/models/{model}`. */
export async function replay(url: string): Promise<readonly Outcome[]> {
  const outcomes = await mapBounded(caseModels(), models, (model) =>
    replayModel(`${url}/models/${model}`, model),
  );
  return outcomes.flat();
}

async function replayModel(base: string, model: string): Promise<readonly Outcome[]> {
  const cases = readCases(model);
  await load(base, cases);
  return mapBounded(cases, requests, async (expected) =>
    outcome(expected, await send(base, expected.request)),
  );
}

/** MLflow's server has its model from the start, while ours loads one on the first request that fits its signature. */
async function load(base: string, cases: readonly Case[]): Promise<void> {
  const fitting = cases.find(({ category }) => category.startsWith('valid.'));
  if (fitting !== undefined) await send(base, fitting.request);
}

function outcome(expected: Case, answer: Answer): Outcome {
  return {
    case: expected,
    answer,
    strict: mismatch(expected, answer, 'strict'),
    withRoom: mismatch(expected, answer, 'with-room'),
  };
}
