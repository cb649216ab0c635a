import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { countersignError } from '../errors/countersign-error.ts';
import type { RequestSpan } from '../telemetry/tracing.ts';
import { AccessLog } from './access-log.ts';
import { Exchange, type Protocol } from './exchange.ts';
import { fromFastify } from './fastify-error.ts';
import { answerMalformed } from './malformed.ts';
import { notFound } from './not-found.ts';
import type { HttpOptions } from './options.ts';
import { failed, handler, register } from './register.ts';
import { requestId } from './request-id.ts';
import { routesOf } from './routes.ts';
import { send } from './send.ts';

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
  interface FastifyContextConfig {
    protocol?: Protocol;
    quiet?: boolean;
  }
}

/** Longer than any model name of MLflow's (256 characters), percent-encoded. */
const maxParamLength = 4_096;
/** What Fastify takes every body for. */
const anyBytes = 'application/octet-stream';
/** How long a request may take to arrive; Node's own default. */
const requestTimeoutMs = 300_000;

/** No route has a schema of Fastify's: without this it would load the compilers of both kinds at the start. */
const noSchemas = {
  buildValidator: () => noCompiler,
  buildSerializer: () => noCompiler,
};

function noCompiler(): never {
  throw countersignError('INTERNAL').with({ cause: 'a route has a schema' });
}

/**
 * The HTTP server over a catalogue of endpoints. Fastify is router and lifecycle only: bodies stay raw bytes and
 * every answer is written by us. Not listening yet; `close` lets running requests finish and ends idle connections.
 */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { logger, clock, accessLogRate: perSecond = Number.POSITIVE_INFINITY } = options;
  const shared = { options, log: new AccessLog({ logger, clock, perSecond }), draining: false };
  const app = fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    exposeHeadRoutes: false,
    // While it drains, a request on an open connection gets the answer of the manager, not Fastify's 503.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    schemaController: { compilersFactory: noSchemas },
    // The exchange reads the query itself, in order and with repeats.
    routerOptions: { maxParamLength, querystringParser: () => ({}) },
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => {
      begin(request, reply, shared);
      refuse(error, request, reply, options);
    },
  });
  readRawBodies(app);
  observeRequests(app, shared);
  app.setErrorHandler((error, request, reply) => {
    refuse(error, request, reply, options);
    return reply;
  });
  app.setNotFoundHandler(handler(notFound, options));
  register(app, routesOf(options), options);
  return app;
}

/** Every body is bytes, whatever the content type says or lacks; the codecs read it. */
function readRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(anyBytes, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/** What the requests of one server share. */
interface Shared {
  readonly options: HttpOptions;
  readonly log: AccessLog;
  draining: boolean;
}

function observeRequests(app: FastifyInstance, shared: Shared): void {
  app.addHook('preClose', (done) => {
    shared.draining = true;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, shared);
    done();
  });
}

/** Starts the exchange of a request, and ends it when the answer is out or the caller left. */
function begin(request: FastifyRequest, reply: FastifyReply, shared: Shared): void {
  const { options } = shared;
  const { clock, metrics } = options;
  const { headers } = request.raw;
  const id = requestId(headers['x-request-id'], options.trustRequestId ?? true);
  const startedMs = clock.monotonicMs();
  request.exchange = new Exchange({
    requestId: id,
    method: request.method,
    url: request.url,
    route: request.routeOptions.url ?? 'unmatched',
    protocol: request.routeOptions.config.protocol ?? 'serve',
    params: request.params as Readonly<Record<string, string>>,
    headers,
    contentType: headers['content-type'] ?? null,
    isDraining: () => shared.draining,
    startedMs,
    span: beginSpan(request, id, startedMs, options),
    onStage: (name, durationMs) => {
      metrics.stage(name, durationMs);
    },
  });
  // The exchange keeps the caller's. Fastify would refuse one that is malformed, or missing from a QUERY, itself.
  headers['content-type'] = anyBytes;
  metrics.requestBegan();
  // Emitted once.
  reply.raw.on('close', () => {
    end(request, reply, shared);
  });
}

/** A span of the request; none where nobody asked for traces, nor for what machines ask every few seconds. */
function beginSpan(
  { method, url, raw, routeOptions }: FastifyRequest,
  requestId: string,
  startedMs: number,
  { tracing = null }: HttpOptions,
): RequestSpan | null {
  if (tracing === null || routeOptions.config.quiet === true) return null;
  const { headers, httpVersion } = raw;
  const [path = ''] = url.split('?', 1);
  return tracing.request({
    method,
    route: routeOptions.url ?? null,
    path,
    headers,
    httpVersion,
    requestId,
    startedMs,
  });
}

function end(request: FastifyRequest, { raw }: FastifyReply, { options, log }: Shared): void {
  const { exchange, routeOptions } = request;
  if (!raw.writableEnded) exchange.caller.leave(countersignError('CALLER_LEFT'));
  const { requestId, method, path, route, model, version, code } = exchange;
  const status = raw.writableEnded ? raw.statusCode : 499;
  exchange.span?.end({ status: raw.writableEnded ? status : null, code });
  const durationMs = options.clock.monotonicMs() - exchange.startedMs;
  options.metrics.requestEnded({ model, version, route, status, durationMs });
  const line = { requestId, method, path, route, status, durationMs, model, version, code };
  const { span } = exchange;
  log.ended(span === null ? line : { ...line, traceId: span.traceId }, routeOptions.config.quiet === true);
}

function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply, options: HttpOptions): void {
  const error = fromFastify(thrown, options.maxBodyBytes);
  // Of a body that it did not read to the end Fastify closes the connection. Not of one that is too large: most clients
  // send all of it before they read, and would see a broken pipe in place of 413. Node discards the rest.
  const { connection } = reply.getHeaders();
  if (typeof connection === 'string' && error.code !== 'BODY_TOO_LARGE')
    request.exchange.answerHeaders['connection'] = connection;
  send(reply, request.exchange, failed(error, request.exchange, options), options.clock.monotonicMs());
}

export { type HttpOptions } from './options.ts';
