import type { Dispatcher } from 'undici';

import { FrameReader } from '../../frames/frame.ts';
import { LayoutReader } from '../../frames/layout.ts';
import { type HostMessage, unpackMessage } from '../../frames/message.ts';
import { asNumber } from '../../util/unknown.ts';
import { noteHeader } from './replica-note.ts';

/** One request to one address. */
export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly uri: string;
  readonly requestId: string;
  readonly frame: Uint8Array;
  readonly signal: AbortSignal;
  /** The error of a caller who left, or whose deadline passed. */
  readonly left: () => Error;
  /** Called once: no message is to come any more. */
  readonly ended?: () => void;
}

/**
 * `refused`: nobody took the request, so that it can be sent elsewhere as if it had not been. `busy`: it was taken and
 * turned away before any work. `missing`: there is no such route. `broken`: the connection broke before an answer.
 */
export type Exchanged =
  | { readonly type: 'messages'; readonly messages: AsyncGenerator<HostMessage, void>; readonly note: string }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'busy'; readonly retryAfterSeconds: number; readonly text: string }
  | { readonly type: 'missing' }
  | { readonly type: 'broken'; readonly why: string }
  | { readonly type: 'lost'; readonly why: string };

/** Before the id of a request, so that Ray's access log leaves it to ours (python/countersign_host/access_log.py). */
const gateway = 'countersign-';

const refusals: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ENOTFOUND: 'has no address',
  UND_ERR_CONNECT_TIMEOUT: 'does not take the connection in time',
};

/** Throws what `left` says when the signal aborts. */
export async function exchange({ ended = () => undefined, ...asked }: Exchange): Promise<Exchanged> {
  const { dispatcher, origin, path, uri, requestId, frame, signal, left } = asked;
  let handed = false;
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin,
      path,
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        serve_multiplexed_model_id: uri,
        'x-request-id': gateway + requestId,
      },
      body: frame,
      signal,
    });
    if (statusCode === 200) {
      handed = true;
      const note = headers[noteHeader];
      // Of a known length is what is not streamed: taken whole, which spares the gateway a fifth of its CPU for one caller.
      const isWhole = headers['content-length'] !== undefined;
      const messages = readMessages(body, isWhole, { signal, left, ended });
      return { type: 'messages', messages, note: typeof note === 'string' ? note : '' };
    }
    const text = (await body.text()).trim().slice(0, 2000);
    if (statusCode === 404) return { type: 'missing' };
    if (statusCode === 429 || statusCode === 503)
      return { type: 'busy', retryAfterSeconds: asNumber(headers['retry-after']) ?? 1, text };
    return { type: 'lost', why: `${String(statusCode)}: ${text}` };
  } catch (thrown) {
    if (signal.aborted) throw left();
    if (!(thrown instanceof Error) || 'kind' in thrown) throw thrown;
    const why = refusalOf(thrown);
    if (why !== null) return { type: 'refused', why };
    return { type: 'broken', why: `${'code' in thrown ? String(thrown.code) : ''} ${thrown.message}`.trim() };
  } finally {
    if (!handed) ended();
  }
}

/** Why a connection never came to be; null when it broke later. */
export function refusalOf(thrown: unknown): string | null {
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  return refusals[code] ?? null;
}

async function* readMessages(
  body: Dispatcher.ResponseData['body'],
  isWhole: boolean,
  { signal, left, ended }: { signal: AbortSignal; left: () => Error; ended: () => void },
): AsyncGenerator<HostMessage, void> {
  const reader = new FrameReader();
  const layouts = new LayoutReader();
  try {
    const chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = isWhole ? [await body.bytes()] : body;
    for await (const chunk of chunks)
      for (const frame of reader.push(chunk)) yield unpackMessage(frame, layouts);
  } catch (thrown) {
    if (signal.aborted) throw left();
    // A connection that broke in the middle: no message came.
    if (!(thrown instanceof Error) || 'kind' in thrown) throw thrown;
  } finally {
    // An error of its own to a body that was read.
    if (!body.readableEnded) body.destroy();
    ended();
  }
}
