import { Agent, request } from 'undici';

import { type CountersignError, countersignError } from '../../errors/countersign-error.ts';
import { FrameReader } from '../../frames/frame.ts';
import { LayoutReader } from '../../frames/layout.ts';
import { type HostMessage, unpackMessage } from '../../frames/message.ts';
import { type Clock } from '../../util/clock.ts';
import { asNumber } from '../../util/unknown.ts';
import { leftError } from '../leaving.ts';
import { type Dashboard } from './dashboard.ts';

/** What a replica is asked for; the last part of the path. */
export type What = 'load' | 'predict' | 'invoke' | 'stream';

export interface Question {
  readonly application: string;
  readonly model: string;
  readonly what: What;
  /** The package of the version's artifact: Ray prefers a replica that has it. */
  readonly uri: string;
  readonly frame: readonly Uint8Array[];
}

/** `lost`: whoever had the request died over it. `gone`: there is no such application. */
export type Outcome =
  | { readonly type: 'messages'; readonly messages: AsyncGenerator<HostMessage, void> }
  | { readonly type: 'lost'; readonly why: string }
  | { readonly type: 'gone' };

/** How frames reach a replica. Another way than Ray's proxy would stand beside this one. */
export interface Way {
  /** One sentence, for people. */
  readonly description: string;
  /** Errors: RAY_BUSY, RAY_UNREACHABLE, DEADLINE_EXCEEDED, CALLER_LEFT. */
  ask(question: Question, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** Addresses are looked up again when they are older, or when none of them answers. */
const addressesAgeMs = 30_000;
const connectTimeoutMs = 5_000;
const refusals = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Through the HTTP proxies that Ray runs on its nodes: the next one where one refuses. */
export class ProxyWay implements Way {
  readonly description = "through Ray's proxy";
  readonly #dashboard: Dashboard;
  readonly #clock: Clock;
  // The deadline is the caller's, said by the signal.
  readonly #agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: 30_000,
  });
  #origins: readonly string[] = [];
  #readMs = -Infinity;

  constructor(dashboard: Dashboard, clock: Clock) {
    this.#dashboard = dashboard;
    this.#clock = clock;
  }

  async ask(question: Question, signal: AbortSignal): Promise<Outcome> {
    const startedMs = this.#clock.monotonicMs();
    const left = (): Error => leftError(signal, this.#clock.monotonicMs() - startedMs);
    try {
      return await this.#askAny(question, signal, left);
    } catch (thrown) {
      throw signal.aborted ? left() : thrown;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #askAny(question: Question, signal: AbortSignal, left: () => Error): Promise<Outcome> {
    if (this.#clock.monotonicMs() - this.#readMs > addressesAgeMs) await this.#findProxies(signal);
    for (const origin of this.#origins) {
      const outcome = await this.#askOne(origin, question, signal, left);
      if (outcome !== 'refused') {
        this.#prefer(origin);
        return outcome;
      }
    }
    this.#readMs = -Infinity;
    throw countersignError(
      'RAY_UNREACHABLE',
      this.#dashboard.address.origin,
      'none of its proxies takes requests',
    ).with({
      retryAfterSeconds: 1,
    });
  }

  async #askOne(
    origin: string,
    { application, what, uri, frame, model }: Question,
    signal: AbortSignal,
    left: () => Error,
  ): Promise<Outcome | 'refused'> {
    try {
      const response = await request(`${origin}/${application}/${what}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', serve_multiplexed_model_id: uri },
        body: Buffer.concat(frame),
        signal,
        dispatcher: this.#agent,
      });
      const { statusCode: status, headers, body } = response;
      if (status === 200) return { type: 'messages', messages: readMessages(body, signal, left) };
      const text = (await body.text()).trim().slice(0, 2000);
      if (status === 404) return { type: 'gone' };
      if (status === 429 || status === 503) throw busy(model, asNumber(headers['retry-after']), text);
      return { type: 'lost', why: `${String(status)}: ${text}` };
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof Error) || 'kind' in thrown) throw thrown;
      const code = 'code' in thrown ? String(thrown.code) : '';
      return refusals.has(code) ? 'refused' : { type: 'lost', why: `${code} ${thrown.message}` };
    }
  }

  async #findProxies(signal: AbortSignal): Promise<void> {
    const { address } = this.#dashboard;
    const { http, proxies } = await this.#dashboard.instance(signal);
    const { port, rootPath } = http ?? { port: 8000, rootPath: '' };
    // The head as we were told to reach it comes last: nodes know their own addresses better, where we can reach them.
    const hosts = [...new Set([...proxies, address.hostname])];
    this.#origins = hosts.map((host) => `http://${hostPart(host)}:${String(port)}${rootPath}`);
    this.#readMs = this.#clock.monotonicMs();
  }

  /** What answered is asked first from now on. */
  #prefer(origin: string): void {
    if (this.#origins[0] === origin) return;
    this.#origins = [origin, ...this.#origins.filter((other) => other !== origin)];
  }
}

const hostPart = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

function busy(model: string, retryAfterSeconds: number | null, cause: string): CountersignError {
  return countersignError('RAY_BUSY', model).with({ retryAfterSeconds: retryAfterSeconds ?? 1, cause });
}

async function* readMessages(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  signal: AbortSignal,
  left: () => Error,
): AsyncGenerator<HostMessage, void> {
  const reader = new FrameReader();
  const layouts = new LayoutReader();
  try {
    for await (const chunk of body)
      for (const frame of reader.push(chunk)) yield unpackMessage(frame, layouts);
  } catch (thrown) {
    if (signal.aborted) throw left();
    // A connection that broke in the middle: no message came.
    if (!(thrown instanceof Error) || 'kind' in thrown) throw thrown;
  } finally {
    body.destroy();
  }
}
