import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import type { MemberObservation } from './ask-member.ts';
import type { Graph } from './definition.ts';
import { GraphEndpoint } from './graph-endpoint.ts';

export interface GraphEndpointsOptions {
  readonly graphs: ReadonlyMap<string, Graph>;
  /** The endpoint of a registered model, whether it is served on its own or not. */
  readonly model: (name: string, signal: AbortSignal) => Promise<Endpoint>;
  readonly timeoutFor: (name: string) => number;
  readonly observed: (observation: MemberObservation) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An endpoint for each composed model; a member that is composed itself is one of them. */
export function createGraphEndpoints(options: GraphEndpointsOptions): ReadonlyMap<string, GraphEndpoint> {
  const endpoints = new Map<string, GraphEndpoint>();
  for (const [name, graph] of options.graphs) {
    const { timeoutFor, model, observed, clock, logger } = options;
    endpoints.set(
      name,
      new GraphEndpoint({
        graph,
        member: async (member, signal) => endpoints.get(member.model) ?? (await model(member.model, signal)),
        timeoutMs: timeoutFor(name),
        observed,
        clock,
        logger,
      }),
    );
  }
  return endpoints;
}
