import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import { type Answer, redirect } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { logError, projectError } from './project-error.ts';
import type { HttpOptions } from './options.ts';
import type { Route } from './route.ts';
import { send } from './send.ts';

type Handle = Route['handle'];

/**
 * Puts the table of routes into Fastify's router: each path with its methods, 405 with `Allow` for the others,
 * and its form with a trailing slash, which is the same thing on our routes and a redirect on MLflow's.
 */
export function register(app: FastifyInstance, routes: readonly Route[], options: HttpOptions): void {
  const others = (methods: readonly string[]): HTTPMethods[] =>
    app.supportedMethods.filter((method): method is HTTPMethods => !methods.includes(method));
  for (const [path, methods] of byPath(routes)) {
    const names = [...methods.keys()].sort();
    for (const [method, route] of methods) add(app, method, path, route, route.handle, options);
    const [route] = methods.values();
    if (route !== undefined) add(app, others(names), path, route, methodNotAllowed(names), options);
  }
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, ReadonlyMap<Route['method'], Route>> {
  const paths = new Map<string, Map<Route['method'], Route>>();
  for (const route of routes) {
    const methods = paths.get(route.path) ?? new Map<Route['method'], Route>();
    paths.set(route.path, methods.set(route.method, route));
  }
  return paths;
}

function add(
  app: FastifyInstance,
  method: HTTPMethods | HTTPMethods[],
  url: string,
  route: Route,
  handle: Handle,
  options: HttpOptions,
): void {
  const config = { protocol: route.protocol, quiet: route.quiet === true };
  app.route({ method, url, config, handler: handler(handle, options) });
  if (route.slash === 'none') return;
  const slashed = route.protocol === 'mlflow' ? withoutSlash : handle;
  app.route({ method, url: `${url}/`, config, handler: handler(slashed, options) });
}

/** As Starlette redirects: any method, the query kept. */
function withoutSlash(exchange: Exchange): Answer {
  const query = exchange.url.slice(exchange.path.length);
  return redirect(307, exchange.path.slice(0, -1) + query);
}

function methodNotAllowed(allowed: readonly string[]): Handle {
  return (exchange) => {
    exchange.answerHeaders['allow'] = allowed.join(', ');
    throw countersignError('METHOD_NOT_ALLOWED', exchange.method, exchange.path.slice(0, 200), allowed);
  };
}

/** Runs a route for a Fastify request: whatever happens, one answer is sent. */
export function handler(handle: Handle, options: HttpOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { exchange } = request;
    if (request.body instanceof Uint8Array) exchange.body = request.body;
    let answer: Answer;
    try {
      answer = await (exchange.span === null ? handle(exchange) : exchange.span.run(() => handle(exchange)));
    } catch (thrown) {
      answer = failed(thrown, exchange, options);
    }
    send(reply, exchange, answer, options.clock.monotonicMs());
    return reply;
  };
}

/** An error that ended a request: logged, and as its caller reads it. */
export function failed(thrown: unknown, exchange: Exchange, options: HttpOptions): Answer {
  const error = CountersignError.from(thrown);
  exchange.code = error.code;
  logError(error, exchange, options.logger);
  return projectError(error, exchange);
}
