/**
 * Sends every case to MLflow's own scoring server and writes its answers into `cases/`: a new release of MLflow is
 * recorded by raising its pin in `test/support/requirements/conformance.txt` and running this. What a case asks, how it
 * is compared and where there is room stays as it is written; the diff shows what changed.
 *
 *     npm run conformance:record [-- --check] [-- --models iris_rf,no_signature]
 *
 * With --check nothing is written: every answer has to match the recorded one, without room.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { mapBounded } from '../../src/util/map-bounded.ts';
import { type Case, caseModels, casesDirectory, readCases } from './case.ts';
import { mismatch } from './compare.ts';
import { startMlflowServer } from './mlflow-server.ts';
import { caseLine, normalForm } from './normal-form.ts';
import { type Answer, send } from './send.ts';
import { conformanceStore } from './store.ts';

interface Recording {
  readonly recorded: Case;
  readonly answer: Answer;
  /** Why the answer is not the recorded one, or null. */
  readonly change: string | null;
}

/** Servers at a time. */
const servers = 2;

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, models: { type: 'string' } },
});
const { python, directories } = await conformanceStore();
const changes = await mapBounded(values.models?.split(',') ?? caseModels(), servers, async (model) => {
  const recordings = await ask(model);
  if (!values.check) await write(model, recordings);
  return recordings.map(({ recorded, change }) => (change === null ? null : `${recorded.id}: ${change}`));
});
if (!values.check) await writeIndex();
summarise(changes.flat());

async function ask(model: string): Promise<readonly Recording[]> {
  const directory = directories[model];
  if (directory === undefined) throw new Error(`make.py makes no model ${model}`);
  await using server = await startMlflowServer(python, directory);
  // One after the other: what a model answers must not depend on who else asks.
  return await mapBounded(readCases(model), 1, async (recorded) => {
    const answer = await send(server.url, recorded.request);
    return { recorded, answer, change: mismatch(recorded, answer, 'strict') };
  });
}

async function write(model: string, recordings: readonly Recording[]): Promise<void> {
  const lines = recordings.map((recording) => `${caseLine(rewritten(recording))}\n`);
  await writeFile(join(casesDirectory, `${model}.jsonl`), lines.join(''));
}

/**
 * A body that still matches is kept, so that the clock and the last digits of a processor do not show; except an error,
 * whose message is not compared.
 */
function rewritten({ recorded, answer, change }: Recording): Case {
  return change === null && recorded.match !== 'error'
    ? recorded
    : { ...recorded, response: normalForm(answer) };
}

async function writeIndex(): Promise<void> {
  const cases = caseModels().flatMap(readCases);
  const version = cases.find(({ request }) => request.method === 'GET' && request.path === '/version');
  const counts = Map.groupBy(cases, ({ model }) => model)
    .entries()
    .map(([model, { length }]) => [model, length]);
  const index = { mlflow: version?.response.body, cases: Object.fromEntries(counts) as unknown };
  await writeFile(join(casesDirectory, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
}

/** Prints what changed; the last line counts. */
function summarise(results: readonly (string | null)[]): void {
  const changed = results.filter((result) => result !== null);
  const passed = `${results.length - changed.length} passed, ${changed.length} ${values.check ? 'failed' : 'changed'}`;
  process.stdout.write(`${[...changed, passed].join('\n')}\n`);
  process.exitCode = values.check && changed.length > 0 ? 1 : 0;
}
