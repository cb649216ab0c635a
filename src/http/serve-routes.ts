import type { EndpointCall } from '../endpoint/endpoint.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Codec } from '../codec/codec.ts';
import type { Answer } from './answer.ts';
import { asksForEvents, eventAnswer } from './events.ts';
import type { Exchange } from './exchange.ts';
import { readMemberVersions } from './member-versions.ts';
import type { HttpOptions } from './options.ts';
import { logError } from './project-error.ts';
import type { Route } from './route.ts';
import { type Target, targetOf } from './target.ts';

/** Every way to reach a version: the default model, one by name, a version under its own terms, an alias. */
export const callBases = [
  '',
  '/models/:name',
  '/models/:name/versions/:version',
  '/models/:name/aliases/:alias',
];

/** `POST .../serve`: the contract as an API. */
export function serveRoutes(options: HttpOptions): readonly Route[] {
  const handle = (exchange: Exchange): Promise<Answer> => serve(exchange, options);
  return callBases.map((base) => ({ method: 'POST', path: `${base}/serve`, protocol: 'serve', handle }));
}

async function serve(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const target = await targetOf(exchange, options);
  refuseEncoded(exchange);
  const call = callOf(exchange, target, options.serveCodec);
  if (!asksForEvents(exchange.headers.accept)) return target.endpoint.call(call, exchange);
  const items = await target.endpoint.stream(call, exchange);
  return eventAnswer(items, {
    requestId: exchange.requestId,
    signal: exchange.signal,
    onError: (error) => {
      exchange.code = error.code;
      logError(error, exchange, options.logger);
    },
  });
}

export function callOf(exchange: Exchange, { selector, terms }: Target, codec: Codec): EndpointCall {
  const { body, contentType, query, requestId, caller } = exchange;
  const memberVersions = readMemberVersions(exchange.headers);
  return {
    selector,
    terms,
    codec,
    request: { body, contentType, query, accept: exchange.headers.accept },
    requestId,
    caller,
    ...(memberVersions === null ? {} : { memberVersions }),
  };
}

/** A compressed body would read as broken JSON; say what it is. (MLflow's routes ignore the header, as MLflow does.) */
function refuseEncoded({ headers }: Exchange): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw countersignError('UNSUPPORTED_MEDIA_TYPE', `with encoding ${encoding.slice(0, 50)}`, ['identity']);
}
