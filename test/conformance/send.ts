import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

import { type CaseRequest } from './case.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Buffer;
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
  return {
    status: incoming.statusCode ?? 0,
    contentType: incoming.headers['content-type'] ?? null,
    body: await buffer(incoming),
  };
}

function bodyOf({ body, body_base64 }: CaseRequest): Buffer | undefined {
  if (body !== undefined) return Buffer.from(body);
  return body_base64 === undefined ? undefined : Buffer.from(body_base64, 'base64');
}
