import type { Endpoint, Terms } from '../endpoint/endpoint.ts';
import type { Selector } from '../endpoint/selector.ts';
import type { Exchange } from './exchange.ts';
import type { HttpOptions } from './options.ts';
import { readSelector, versionInPath } from './selector.ts';

/** What a request is about: an endpoint, one of its versions, and whose signature counts. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly selector: Selector;
  readonly terms: Terms;
}

/** The endpoint named in the path, or the default one. */
export async function endpointOf(exchange: Exchange, { catalogue }: HttpOptions): Promise<Endpoint> {
  const name = exchange.params['name'] ?? null;
  return exchange.found(catalogue.known(name) ?? (await catalogue.endpoint(name, exchange.signal)));
}

/** As `endpointOf`, with the version of path and headers. A version in the path is read under its own signature. */
export async function targetOf(exchange: Exchange, options: HttpOptions): Promise<Target> {
  const endpoint = await endpointOf(exchange, options);
  const { version, alias } = exchange.params;
  const inPath: Selector | null =
    version !== undefined ? versionInPath(version) : alias !== undefined ? { kind: 'alias', alias } : null;
  const selector = readSelector(exchange.headers, inPath);
  return { endpoint, selector, terms: version === undefined ? 'contract' : 'own' };
}
