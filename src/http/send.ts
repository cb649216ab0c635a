import { Readable } from 'node:stream';
import { type FastifyReply } from 'fastify';
import { type Answer, isStream } from './answer.ts';
import { type Exchange } from './exchange.ts';

/** Sends the answer with the headers that every answer carries. */
export function send(reply: FastifyReply, exchange: Exchange, answer: Answer, nowMs: number): void {
  const { contentType, headers, body, status = 200 } = answer;
  void reply.code(status).headers({
    ...identity(exchange),
    'server-timing': serverTiming(exchange, nowMs),
    ...exchange.answerHeaders,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...headers,
  });
  void reply.send(payload(body));
}

/** Buffers, because Fastify adds a charset to the content type of a string, and MLflow has none. */
function payload(body: Answer['body']): Buffer | Readable | undefined {
  if (isStream(body)) return Readable.from(body, { objectMode: false, highWaterMark: 1 });
  if (body.length === 0) return undefined;
  return typeof body === 'string'
    ? Buffer.from(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function identity({ requestId, model, version }: Exchange): Record<string, string> {
  return {
    'x-request-id': requestId,
    ...(model === null ? {} : { 'countersign-model': encodeURIComponent(model.toWellFormed()) }),
    ...(version === null ? {} : { 'countersign-version': encodeURIComponent(version.toWellFormed()) }),
  };
}

/** @see https://www.w3.org/TR/server-timing/ */
function serverTiming(exchange: Exchange, nowMs: number): string {
  const stages = [...exchange.stages, ['total', nowMs - exchange.startedMs] as const];
  return stages.map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`).join(', ');
}
