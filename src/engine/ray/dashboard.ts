import { Agent, request } from 'undici';

import { type CountersignError, countersignError } from '../../errors/countersign-error.ts';
import { asText, asRecord, reasonOf, type UnknownRecord } from '../../util/unknown.ts';
import { readInstance, type ServeInstance } from './instance.ts';
import type { RayPackage } from './package.ts';
import type { TokenSource } from './token.ts';

/** A head that says nothing for so long is not going to; a PUT answers once the controller has taken the config. */
const timeoutMs = 60_000;

interface Question {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly body?: string | Uint8Array;
  /** Statuses besides 200 that are an answer. */
  readonly answers?: readonly number[];
}

/**
 * Ray's REST API. With undici's own `request`: Ray refuses the headers of Node's `fetch` as those of a browser.
 *
 * Errors of every method: RAY_UNREACHABLE, RAY_TOKEN_REFUSED.
 */
export class Dashboard {
  readonly address: URL;
  readonly #token: TokenSource;
  readonly #agent = new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connections: 8 });

  constructor(address: URL, token: TokenSource) {
    this.address = address;
    this.#token = token;
  }

  /** Ray's version; tells whether there is a Ray at all, and lets us in. */
  async version(signal: AbortSignal): Promise<string> {
    const { text } = await this.#send({ method: 'GET', path: '/api/version' }, signal);
    const version = asText(asRecord(parsed(text))['ray_version']);
    if (version === null) throw this.#unreachable('what answers there is not Ray');
    return version;
  }

  async instance(signal: AbortSignal): Promise<ServeInstance> {
    const { text } = await this.#send({ method: 'GET', path: '/api/serve/applications/' }, signal);
    return readInstance(parsed(text));
  }

  /** Replaces *all* applications that came this way. */
  async putApplications(config: UnknownRecord, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(config);
    await this.#send({ method: 'PUT', path: '/api/serve/applications/', body }, signal);
  }

  /** Whether the cluster still has the package. Ray keeps one that is asked for another ten minutes. */
  async hasPackage(fileName: string, signal: AbortSignal): Promise<boolean> {
    const path = `/api/packages/gcs/${fileName}`;
    return (await this.#send({ method: 'GET', path, answers: [404] }, signal)).status === 200;
  }

  async putPackage({ fileName, bytes }: RayPackage, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'PUT', path: `/api/packages/gcs/${fileName}`, body: bytes }, signal);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(question: Question, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { method, path, body = null, answers = [] } = question;
    const token = await this.#token();
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    try {
      const url = new URL(path, this.address);
      const headers = { ...authorization, ...type };
      const response = await request(url, { method, body, headers, signal, dispatcher: this.#agent });
      const text = await response.body.text();
      const status = response.statusCode;
      if (status === 401 || status === 403) throw this.#refused(token, text);
      if (status === 200 || answers.includes(status)) return { status, text };
      throw this.#unreachable(`it answers ${method} ${path} with ${String(status)}`).with({ cause: text });
    } catch (thrown) {
      signal.throwIfAborted();
      throw thrown instanceof Error && 'code' in thrown && !('kind' in thrown)
        ? this.#unreachable(connectionProblem(thrown)).with({ cause: thrown })
        : thrown;
    }
  }

  #refused(token: string | null, text: string): CountersignError {
    const reason = token === null ? 'it wants a token, and there is none' : 'it refuses the token';
    return countersignError('RAY_TOKEN_REFUSED', this.address.origin, reason).with({ cause: text });
  }

  #unreachable(reason: string): CountersignError {
    return countersignError('RAY_UNREACHABLE', this.address.origin, reason);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host cannot be found right now',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept the connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time',
};

function connectionProblem(thrown: Error): string {
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const code = String(asRecord(inner)['code']);
  return words[code] ?? (reasonOf(inner) || code);
}
