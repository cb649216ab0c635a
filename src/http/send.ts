import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type Answer, isStream } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { memberTimings, memberVersionsHeader, writeMemberVersions } from './member-versions.ts';

type Headers = Record<string, string | number>;

/**
 * Sends the answer with the headers that every answer carries. Past Fastify, which would look at each header and
 * body once more: all that it could add is here.
 */
export function send(reply: FastifyReply, exchange: Exchange, answer: Answer, nowMs: number): void {
  const { body, status = 200 } = answer;
  const headers = headersOf(exchange, answer, nowMs);
  if (isStream(body)) {
    void reply.code(status).headers(headers);
    void reply.send(Readable.from(body, { objectMode: false, highWaterMark: 1 }));
    return;
  }
  headers['content-length'] = Buffer.byteLength(body);
  reply.hijack();
  reply.raw.writeHead(status, headers);
  reply.raw.end(body);
}

function headersOf(exchange: Exchange, { contentType, headers }: Answer, nowMs: number): Headers {
  const { requestId, model, version, members, answerHeaders } = exchange;
  const all: Headers = { 'x-request-id': requestId };
  if (model !== null) all['countersign-model'] = inHeader(model);
  if (version !== null) all['countersign-version'] = inHeader(version);
  if (members.length > 0) all[memberVersionsHeader] = writeMemberVersions(members);
  all['server-timing'] = serverTiming(exchange, nowMs);
  if (exchange.isDraining()) all['connection'] = 'close';
  if (contentType !== undefined) all['content-type'] = contentType;
  return Object.assign(all, answerHeaders, headers);
}

/** @see https://www.w3.org/TR/server-timing/ */
function serverTiming({ stages, members, startedMs }: Exchange, nowMs: number): string {
  let text = '';
  for (const { name, ms } of stages) text += `${name};dur=${hundredths(ms)}, `;
  if (members.length > 0)
    for (const [name, ms] of memberTimings(members)) text += `${name};dur=${hundredths(ms)}, `;
  return `${text}total;dur=${hundredths(nowMs - startedMs)}`;
}

/** As `toFixed(2)`, which costs more than all else here. */
function hundredths(value: number): string {
  const all = Math.round(value * 100);
  const rest = all % 100;
  return `${String((all - rest) / 100)}.${rest < 10 ? '0' : ''}${String(rest)}`;
}

const unreserved = /^[\w.~-]*$/;

/** Most names are what they are percent-encoded. */
function inHeader(name: string): string {
  return unreserved.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
