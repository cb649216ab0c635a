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

/** The endpoint named in the path, or the default one; at once where it is known. */
export function endpointOf(exchange: Exchange, { catalogue }: HttpOptions): Endpoint | Promise<Endpoint> {
  const name = exchange.params['name'] ?? null;
  const known = catalogue.known(name);
  if (known !== null) return exchange.found(known);
  return catalogue.endpoint(name, exchange.signal).then((endpoint) => exchange.found(endpoint));
}

/** As `endpointOf`, with the version of path and headers. A version in the path is read under its own signature. */
export function targetOf(exchange: Exchange, options: HttpOptions): Target | Promise<Target> {
  const endpoint = endpointOf(exchange, options);
  if (endpoint instanceof Promise) return endpoint.then((found) => targetAt(found, exchange));
  return targetAt(endpoint, exchange);
}

function targetAt(endpoint: Endpoint, exchange: Exchange): Target {
  const { version, alias } = exchange.params;
  const inPath: Selector | null =
    version !== undefined ? versionInPath(version) : alias !== undefined ? { kind: 'alias', alias } : null;
  const selector = readSelector(exchange.headers, inPath);
  return { endpoint, selector, terms: version === undefined ? 'contract' : 'own' };
}
