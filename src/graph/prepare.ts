import type { Graph } from './definition.ts';
import { prepareCondition } from './prepare-condition.ts';
import { prepareEnsemble } from './prepare-ensemble.ts';
import { prepareFunction } from './prepare-function.ts';
import { preparePipeline } from './prepare-pipeline.ts';
import type { Contracts, Prepared } from './prepared.ts';

/** Derives the contract of a composed model and checks its edges. Throws INVALID_GRAPH naming the edge. */
export function prepare(graph: Graph, contracts: Contracts): Prepared {
  switch (graph.kind) {
    case 'function':
      return prepareFunction(graph, contracts);
    case 'pipeline':
      return preparePipeline(graph, contracts);
    case 'condition':
      return prepareCondition(graph, contracts);
    case 'ensemble':
      return prepareEnsemble(graph, contracts);
  }
}
