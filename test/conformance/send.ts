import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

import type { CaseRequest } from './case.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Buffer;
  /** Its stages, from `Server-Timing`. */
  readonly stages?: string;
}

/** Sends the request as it is written, no header more, on a connection of its own. `base` ends without a slash. */
export async function send(base: string, sent: CaseRequest): Promise<Answer> {
  const { hostname, port, pathname } = new URL(base);
  const outgoing = request({
    hostname,
    port,
    method: sent.method,
    path: (pathname === '/' ? '' : pathname) + sent.path,
    headers: sent.headers,
    agent: false,
  });
  outgoing.end(bodyOf(sent));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { 'content-type': contentType = null, 'server-timing': stages } = incoming.headers;
  return {
    status: incoming.statusCode ?? 0,
    contentType,
    body: await buffer(incoming),
    ...(typeof stages === 'string' && { stages }),
  };
}

function bodyOf({ body, body_base64 }: CaseRequest): Buffer | undefined {
  if (body !== undefined) return Buffer.from(body);
  return body_base64 === undefined ? undefined : Buffer.from(body_base64, 'base64');
}
