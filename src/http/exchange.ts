import type { IncomingHttpHeaders } from 'node:http';
import type { CallObserver, Endpoint, MemberTurn } from '../endpoint/endpoint.ts';
import type { RequestSpan } from '../telemetry/tracing.ts';
import { LeavableCaller } from '../util/caller.ts';

/** Which projection of errors the route's callers understand. */
export type Protocol = 'serve' | 'mlflow';

export interface ExchangeInit {
  readonly requestId: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** The route's pattern; `unmatched` when there is none. */
  readonly route: string;
  readonly protocol: Protocol;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly contentType: string | null;
  /** The server drains: its connections close after their answer. */
  readonly isDraining: () => boolean;
  /** Monotonic. */
  readonly startedMs: number;
  readonly span: RequestSpan | null;
  readonly onStage: (name: string, durationMs: number) => void;
}

/** One request and what became known about it while it ran. */
export class Exchange implements CallObserver {
  readonly requestId: string;
  readonly method: string;
  readonly url: string;
  /** The URL without the query, which may hold what nobody should log. */
  readonly path: string;
  readonly route: string;
  readonly protocol: Protocol;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** The whole Content-Type header; null when there is none. */
  readonly contentType: string | null;
  readonly isDraining: () => boolean;
  readonly startedMs: number;
  readonly span: RequestSpan | null;
  readonly caller = new LeavableCaller();
  /** In order of their first end; one that came again has both times together. */
  readonly stages: { readonly name: string; ms: number }[] = [];
  /** What the members of a composed model did. */
  readonly members: MemberTurn[] = [];
  /** Headers of whatever the answer will be. */
  readonly answerHeaders: Record<string, string> = {};
  body: Uint8Array = new Uint8Array();
  model: string | null = null;
  version: string | null = null;
  /** Code of the error it ended with. */
  code: string | null = null;
  readonly #onStage: (name: string, durationMs: number) => void;

  constructor(init: ExchangeInit) {
    this.requestId = init.requestId;
    this.method = init.method;
    this.url = init.url;
    this.route = init.route;
    this.protocol = init.protocol;
    this.params = init.params;
    this.path = pathOf(init.url);
    this.headers = init.headers;
    this.contentType = init.contentType;
    this.isDraining = init.isDraining;
    this.startedMs = init.startedMs;
    this.span = init.span;
    this.#onStage = init.onStage;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.url.slice(this.path.length));
  }

  /** Aborts when the caller leaves. */
  get signal(): AbortSignal {
    return this.caller.signal;
  }

  /** From here on every answer, errors included, names the model. */
  found(endpoint: Endpoint): Endpoint {
    this.model = endpoint.name;
    return endpoint;
  }

  resolved(model: string, version: string): void {
    this.model = model;
    this.version = version;
    this.span?.resolved(model, version);
  }

  member(turn: MemberTurn): void {
    this.members.push(turn);
  }

  stage(name: string, durationMs: number): void {
    const known = this.stages.find((stage) => stage.name === name);
    if (known === undefined) this.stages.push({ name, ms: durationMs });
    else known.ms += durationMs;
    this.#onStage(name, durationMs);
    this.span?.stage(name, durationMs);
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
