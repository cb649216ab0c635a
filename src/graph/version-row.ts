import type { EndpointVersion } from '../endpoint/endpoint.ts';
import type { Graph } from './definition.ts';
import { graphVersion } from './version.ts';

/** The one version of a composed model, as /models/{name}/versions tells of it. */
export function versionRow(graph: Graph, isReady: boolean, since: number): EndpointVersion {
  const parts = graph.members.map(({ name, model }) => (name === model ? name : `${name} (${model})`));
  return {
    version: graphVersion,
    aliases: [],
    status: {
      model: graph.name,
      version: graphVersion,
      state: isReady ? 'available' : 'registered',
      reason: isReady ? 'all its members answer' : 'its members are loaded when it is asked',
      since,
      pinned: false,
      inUse: 0,
      lastUsed: null,
      engine: 'graph',
      detail: `${graph.kind} of ${parts.join(', ')}`,
      memoryBytes: null,
      loads: 0,
    },
    comparison: { verdict: 'identical', differences: [] },
    verified: { ok: true, reason: 'every answer is checked' },
    batching: { enabled: false, reason: 'its members gather what it asks them' },
  };
}
