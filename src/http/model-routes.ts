import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import { type Answer, json } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { mapBounded } from '../util/map-bounded.ts';
import type { HttpOptions } from './options.ts';
import type { Route } from './route.ts';
import { endpointOf, targetOf } from './target.ts';
import {
  contractView,
  type ModelsView,
  modelView,
  type ModelView,
  unreadableView,
  type UnreadableView,
  type VersionsView,
  versionView,
} from './views.ts';

/** Models on a page of /models when `limit` does not say, and at most. */
const defaultLimit = 100;
const maxLimit = 1_000;
/** Look-ups of the registry under way at once for one page. */
const concurrency = 8;

/** What is served: models, their versions, their contracts. */
export function modelRoutes(options: HttpOptions): readonly Route[] {
  const get = (
    path: string,
    handle: (exchange: Exchange, options: HttpOptions) => Promise<Answer>,
  ): Route => ({
    method: 'GET',
    path,
    protocol: 'serve',
    handle: (exchange) => handle(exchange, options),
  });
  return [
    get('/models', models),
    // With a slash it is the root of a drop-in for MLflow's server, see not-found.ts.
    { ...get('/models/:name', model), slash: 'none' },
    get('/models/:name/versions', versions),
    get('/models/:name/contract', contract),
    get('/models/:name/versions/:version/contract', contract),
  ];
}

async function models(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const { after, limit } = page(exchange.query);
  const all = [...(await options.catalogue.names(exchange.signal))].sort();
  const rest = after === null ? all : all.filter((name) => name > after);
  const names = rest.slice(0, limit);
  const view: ModelsView = {
    defaultModel: options.catalogue.defaultName,
    models: await mapBounded(names, concurrency, (name) => summary(name, exchange, options)),
    next: rest.length > limit ? nextPage(names.at(-1) ?? '', limit) : null,
  };
  return json(view);
}

function page(query: URLSearchParams): { readonly after: string | null; readonly limit: number } {
  const text = query.get('limit') ?? String(defaultLimit);
  const limit = Number(text);
  if (!/^[0-9]+$/.test(text) || limit < 1 || limit > maxLimit) {
    const message = `limit has to be a number from 1 to ${String(maxLimit)}`;
    throw countersignError('INVALID_QUERY', message);
  }
  return { after: query.get('after'), limit };
}

function nextPage(after: string, limit: number): string {
  return `/models?${new URLSearchParams({ after, limit: String(limit) }).toString()}`;
}

/** One broken model never takes the list away. */
async function summary(
  name: string,
  exchange: Exchange,
  options: HttpOptions,
): Promise<ModelView | UnreadableView> {
  try {
    const endpoint = await options.catalogue.endpoint(name, exchange.signal);
    return modelView(await endpoint.describe(exchange.signal), endpoint);
  } catch (thrown) {
    if (exchange.signal.aborted) throw thrown;
    return unreadableView(name, CountersignError.from(thrown));
  }
}

async function model(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const endpoint = await endpointOf(exchange, options);
  return json(modelView(await endpoint.describe(exchange.signal), endpoint));
}

async function versions(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const endpoint = await endpointOf(exchange, options);
  const description = await endpoint.describe(exchange.signal);
  const rows = await endpoint.versions(exchange.signal);
  const view: VersionsView = {
    model: endpoint.name,
    default: description.default,
    versions: rows.map(versionView),
  };
  return json(view);
}

async function contract(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const { endpoint, selector, terms } = await targetOf(exchange, options);
  const found = await endpoint.terms(selector, terms, exchange.signal);
  exchange.resolved(endpoint.name, found.version);
  return json(contractView(found));
}
