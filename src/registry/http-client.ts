import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

import type * as Undici from 'undici';

import type { CountersignError } from '../errors/countersign-error.ts';
import { sleep, type Clock } from '../util/clock.ts';
import { asNumber, asText, reasonOf } from '../util/unknown.ts';
import { decoded, withoutCredentials } from './uri.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Makes the error of whoever asks: the same refused connection is a registry's or an artifact's. */
export type Failure = (reason: string, cause?: unknown) => CountersignError;

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly url: URL;
  readonly json?: unknown;
  /** Statuses that are an answer here, though a reason for another try elsewhere. */
  readonly answers?: readonly number[];
}

export interface HttpResponse {
  readonly status: number;
  readonly body: Readable & { text(): Promise<string> };
}

/** Loaded by those who have a server to ask; a registry on disk needs none of it. */
const loadUndici = (): Promise<typeof Undici> => import('undici');

/**
 * Speaks HTTP to an MLflow server as MLflow's own client does: credentials and certificates from MLFLOW_TRACKING_*,
 * proxies from the environment, redirects followed, another try with back-off when the server is busy.
 */
export class HttpClient {
  readonly #connection: Connection;
  #dispatcher: Promise<Undici.Dispatcher> | null = null;
  readonly #credentials: ReadonlyMap<string, string>;
  readonly #clock: Clock;
  readonly #attempts: number;

  /** `homes` are the URIs of the servers a person named: credentials go to their hosts only. */
  constructor(homes: readonly string[], env: Environment, clock: Clock) {
    this.#connection = connection(env);
    this.#credentials = credentials(homes, env);
    this.#clock = clock;
    this.#attempts = 1 + (asNumber(env['MLFLOW_HTTP_REQUEST_MAX_RETRIES']) ?? defaultRetries);
  }

  /** The answer, whatever its status; `fail` when there is none, or still a transient one after the last try. */
  async send(query: HttpRequest, signal: AbortSignal, fail: Failure): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#once(query, signal);
      if ('response' in outcome) return outcome.response;
      if (attempt >= this.#attempts) throw fail(outcome.reason, outcome.cause);
      await sleep(this.#clock, Math.min(outcome.waitMs ?? backOff(attempt), maxWaitMs), signal);
    }
  }

  async close(): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }

  async #once(query: HttpRequest, signal: AbortSignal): Promise<Outcome> {
    const authorization = this.#credentials.get(query.url.hostname);
    const { request } = await loadUndici();
    const dispatcher = await (this.#dispatcher ??= makeDispatcher(this.#connection));
    try {
      const response = await request(query.url, {
        dispatcher,
        method: query.method ?? 'GET',
        signal,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(query.json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: query.json === undefined ? null : JSON.stringify(query.json),
      });
      const isAnswer = query.answers?.includes(response.statusCode) === true;
      if (isAnswer || !transientStatuses.has(response.statusCode)) {
        return { response: { status: response.statusCode, body: response.body } };
      }
      await response.body.dump();
      const retryAfter = asNumber(response.headers['retry-after']);
      return {
        reason: `it answers ${String(response.statusCode)}`,
        ...(retryAfter === null ? {} : { waitMs: retryAfter * 1000 }),
      };
    } catch (thrown) {
      signal.throwIfAborted();
      return { reason: connectionProblem(thrown, query.url), cause: thrown };
    }
  }
}

type Outcome =
  | { readonly response: HttpResponse }
  | { readonly reason: string; readonly waitMs?: number; readonly cause?: unknown };

/** Few and short beside MLflow's own seven over two minutes: a caller of ours is waiting for an answer. */
const defaultRetries = 3;
const transientStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
const maxWaitMs = 10_000;
const backOff = (attempt: number): number => 200 * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);

interface Connection {
  readonly options: Undici.Agent.Options;
  readonly proxies: { readonly httpProxy: string; readonly httpsProxy: string; readonly noProxy: string };
}

/** Certificates are read at once: a path that is wrong is told at the start. */
function connection(env: Environment): Connection {
  const timeout = (asNumber(env['MLFLOW_HTTP_REQUEST_TIMEOUT']) ?? 30) * 1000;
  const options = {
    connect: { timeout: Math.min(timeout, 10_000), ...tlsOptions(env) },
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connections: 16,
  };
  const proxies = {
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
    noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
  };
  return { options, proxies };
}

async function makeDispatcher({ options, proxies }: Connection): Promise<Undici.Dispatcher> {
  const { Agent, EnvHttpProxyAgent, interceptors } = await loadUndici();
  const proxied = proxies.httpProxy !== '' || proxies.httpsProxy !== '';
  const agent = proxied ? new EnvHttpProxyAgent({ ...options, ...proxies }) : new Agent(options);
  return agent.compose(interceptors.redirect({ maxRedirections: 5 }));
}

function tlsOptions(env: Environment): object {
  const authority = env['MLFLOW_TRACKING_SERVER_CERT_PATH'];
  const client = env['MLFLOW_TRACKING_CLIENT_CERT_PATH'];
  return {
    ...(isTrue(env['MLFLOW_TRACKING_INSECURE_TLS']) ? { rejectUnauthorized: false } : {}),
    ...(authority === undefined ? {} : { ca: readFileSync(authority) }),
    // One PEM file with both, as for `requests`.
    ...(client === undefined ? {} : { cert: readFileSync(client), key: readFileSync(client) }),
  };
}

export function isTrue(value: string | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}

function credentials(homes: readonly string[], env: Environment): ReadonlyMap<string, string> {
  const pairs = homes.map((home) => {
    const url = new URL(home);
    return [url.hostname, authorization(url, env)] as const;
  });
  return new Map(pairs.flatMap(([host, value]) => (value === null ? [] : [[host, value] as const])));
}

function authorization(home: URL, env: Environment): string | null {
  const user = asText(env['MLFLOW_TRACKING_USERNAME']) ?? decoded(home.username);
  const password = asText(env['MLFLOW_TRACKING_PASSWORD']) ?? decoded(home.password);
  if (user !== '' && password !== '') {
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }
  const token = asText(env['MLFLOW_TRACKING_TOKEN']);
  return token === null ? null : `Bearer ${token}`;
}

/** One line a person can act on; Node's own text is often empty or an AggregateError's. */
function connectionProblem(thrown: unknown, url: URL): string {
  const code = codeOf(thrown);
  const where = withoutCredentials(url.origin);
  const words = code === undefined ? undefined : connectionWords[code];
  return words === undefined ? `${where}: ${reasonOf(thrown) || String(code)}` : `${where} ${words}`;
}

const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection; nothing listens there',
  ENOTFOUND: 'is not a host that can be found',
  EAI_AGAIN: 'is not a host that can be found right now',
  ECONNRESET: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'does not accept the connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'does not answer in time',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of its answer',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'has a self-signed certificate; name it with MLFLOW_TRACKING_SERVER_CERT_PATH, or set MLFLOW_TRACKING_INSECURE_TLS=true',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'has a certificate nobody here vouches for; name its authority with MLFLOW_TRACKING_SERVER_CERT_PATH',
  SELF_SIGNED_CERT_IN_CHAIN:
    'has a certificate nobody here vouches for; name its authority with MLFLOW_TRACKING_SERVER_CERT_PATH',
};

function codeOf(thrown: unknown): string | undefined {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  if (!(thrown instanceof Error)) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return codeOf(thrown.cause);
}
