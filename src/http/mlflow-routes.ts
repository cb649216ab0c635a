import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { HttpOptions } from './options.ts';
import type { Route } from './route.ts';
import { callBases, callOf } from './serve-routes.ts';
import { endpointOf, targetOf } from './target.ts';

/**
 * MLflow's scoring protocol, for the default model and below each model's name, so that a model's base URL is a
 * drop-in for `mlflow models serve`: the odd bodies (a newline, a bare version) are MLflow's.
 */
export function mlflowRoutes(options: HttpOptions): readonly Route[] {
  return [
    ...callBases.map((base): Route => ({
      method: 'POST',
      path: `${base}/invocations`,
      protocol: 'mlflow',
      handle: (exchange) => invoke(exchange, options),
    })),
    ...['/ping', '/health'].flatMap((path) => [
      get(path, () => pong(options.catalogue.readiness().ready)),
      get(`/models/:name${path}`, async (exchange) => pong(await isUp(exchange, options))),
    ]),
    ...['', '/models/:name'].map((base) => get(`${base}/version`, (exchange) => version(exchange, options))),
  ];
}

function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, protocol: 'mlflow', quiet: true, handle };
}

async function invoke(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const target = await targetOf(exchange, options);
  return target.endpoint.call(callOf(exchange, target, options.mlflowCodec), exchange);
}

/** Who pings a model means to use it: one that nobody asked for yet is loaded, as its first request would. */
async function isUp(exchange: Exchange, options: HttpOptions): Promise<boolean> {
  const endpoint = await endpointOf(exchange, options);
  if (endpoint.ready()) return true;
  await endpoint.warm(exchange.signal);
  return false;
}

function pong(ready: boolean): Answer {
  const answer = { contentType: 'application/json', body: '\n' };
  return ready ? answer : { ...answer, status: 503, headers: { 'retry-after': '1' } };
}

/** The MLflow that logged the default version; `unknown` where its MLmodel does not say. */
async function version(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const endpoint = await endpointOf(exchange, options);
  const terms = await endpoint.terms({ kind: 'default' }, 'contract', exchange.signal);
  exchange.resolved(endpoint.name, terms.version);
  return { contentType: 'application/json', body: terms.mlflowVersion ?? 'unknown' };
}
