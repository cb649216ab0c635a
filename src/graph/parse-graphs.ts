import { didYouMean } from '../util/nearest.ts';
import type { Graph } from './definition.ts';
import { parseCondition } from './parse-condition.ts';
import { parseEnsemble } from './parse-ensemble.ts';
import { parseFunction } from './parse-function.ts';
import { parsePipeline } from './parse-pipeline.ts';
import { invalid, record } from './reading.ts';

const forms = {
  compose: parseFunction,
  pipeline: parsePipeline,
  condition: parseCondition,
  ensemble: parseEnsemble,
} as const;
const formNames = Object.keys(forms) as (keyof typeof forms)[];

/** A name that can stand in a URL and is no name of MLflow's that could not. */
const unusable = /[/:]/;

/**
 * What stands under `graphs` of the config: composed models by name. Throws INVALID_GRAPH, also where one of them
 * would ask itself in the end.
 */
export function parseGraphs(given: unknown): ReadonlyMap<string, Graph> {
  if (given === undefined || given === null) return new Map();
  const entries = Object.entries(record(given, 'graphs'));
  const graphs = new Map(entries.map(([name, graph]) => [name, parseGraph(name, graph)]));
  for (const name of graphs.keys()) refuseCycle(name, graphs, []);
  return graphs;
}

function parseGraph(name: string, given: unknown): Graph {
  const where = `graphs.${name}`;
  if (name === '' || unusable.test(name)) throw invalid(where, 'a name has no slash and no colon');
  const read = record(given, where);
  const [form, ...others] = Object.keys(read);
  const known = formNames.find((candidate) => candidate === form);
  if (known === undefined || others.length > 0) {
    throw invalid(where, `expected one of ${formNames.join(', ')}${didYouMean(form ?? '', formNames)}`);
  }
  return forms[known](name, read[known], where);
}

function refuseCycle(name: string, graphs: ReadonlyMap<string, Graph>, above: readonly string[]): void {
  if (above.includes(name)) {
    const circle = [...above.slice(above.indexOf(name)), name].join(' -> ');
    throw invalid(`graphs.${name}`, `it is a member of itself: ${circle}`);
  }
  for (const { model } of graphs.get(name)?.members ?? []) refuseCycle(model, graphs, [...above, name]);
}
