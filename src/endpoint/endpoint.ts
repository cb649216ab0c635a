import type { Codec, EncodedAnswer, EncodedRequest } from '../codec/codec.ts';
import type { Comparison, Contract } from '../contract/contract.ts';
import type { VersionStatus } from '../serving/manager.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { Caller } from '../util/caller.ts';
import type { Selector } from './selector.ts';

export { type Selector } from './selector.ts';

/**
 * Under whose signature a request is read: the endpoint's contract, which every version must honour, or the
 * version's own, so that its author can try one that does not.
 */
export type Terms = 'contract' | 'own';

export interface EndpointCall<Request = EncodedRequest, Answer = EncodedAnswer> {
  readonly selector: Selector;
  readonly terms: Terms;
  readonly codec: Codec<Request, Answer>;
  readonly request: Request;
  readonly requestId: string;
  /** Who may leave; the endpoint adds the deadline. */
  readonly caller: Caller;
  /** What is left of a deadline that covers more than this call; the endpoint's own may be nearer. */
  readonly timeoutMs?: number;
  /** Versions of a composed model's members, by the name of a member or of its model. */
  readonly memberVersions?: MemberVersions;
}

export type MemberVersions = ReadonlyMap<string, Selector>;

/** What one member did for a call of a composed model. */
export interface MemberTurn {
  /** Of a member's member, with the way to it: `screening/gate`. */
  readonly name: string;
  /** Null: it failed before its version was known. */
  readonly version: string | null;
  /** From the first time it was asked to its last answer. */
  readonly durationMs: number;
}

/** Told as soon as it is known, so that errors carry it too. */
export interface CallObserver {
  resolved(model: string, version: string): void;
  /** A stage ended: decode, acquire, adapt, predict, conform, encode. Duration in milliseconds. */
  stage(name: string, durationMs: number): void;
  /** A member of a composed model was asked; told once a call, also when it failed. */
  member?(turn: MemberTurn): void;
  /** The call in the traces, of which the members of a composed model are children; absent or null: nobody wants it. */
  readonly span?: Span | null;
}

/** Something with a name and a contract that can predict. A model is one, a composed model another. */
export interface Endpoint {
  readonly name: string;
  /** The pinned contract; pins it on first use. Metadata only. */
  contract(signal: AbortSignal): Promise<Contract>;
  /** Name, versions, aliases, tags and example of the model, for /models and OpenAPI. */
  describe(signal: AbortSignal): Promise<EndpointDescription>;
  /** The signature a selector's request is read under; errors as `call` would give them. */
  terms(selector: Selector, terms: Terms, signal: AbortSignal): Promise<EndpointTerms>;
  /** The one way of a request. */
  call<Request, Answer>(call: EndpointCall<Request, Answer>, observer: CallObserver): Promise<Answer>;
  /** Server-sent events' data, one JSON text each; STREAMING_UNSUPPORTED when the model has no `predict_stream`. */
  stream(call: EndpointCall, observer: CallObserver): Promise<AsyncIterable<string>>;
  versions(signal: AbortSignal): Promise<readonly EndpointVersion[]>;
  /** Starts to load the pinned default if nothing has; does not wait for it. */
  warm(signal: AbortSignal): Promise<void>;
  /** True when the pinned default is loaded and answers. */
  ready(): boolean;
}

export interface EndpointDescription {
  readonly name: string;
  readonly description: string | null;
  readonly default: string;
  readonly aliases: Readonly<Record<string, string>>;
  /** Names of the members of a composed model. */
  readonly members?: readonly string[];
}

export interface EndpointTerms {
  readonly version: string;
  readonly contract: Contract;
  readonly mlflowVersion: string | null;
  /** The model's own input example as a body of /serve, and the answer to it once the model was loaded. */
  readonly example: { readonly request: unknown; readonly answer: unknown } | null;
  /** Whether answers are known to fit the signature; the reason when they are not. */
  readonly verified: { readonly ok: boolean; readonly reason: string };
}

/** A row of /models/{name}/versions. */
export interface EndpointVersion {
  readonly version: string;
  readonly aliases: readonly string[];
  readonly status: VersionStatus | null;
  /** Unknown until the version was looked at. */
  readonly comparison: Comparison | null;
  readonly verified: { readonly ok: boolean; readonly reason: string } | null;
  readonly batching: { readonly enabled: boolean; readonly reason: string };
}

/** Every endpoint of the server. */
export interface Catalogue {
  /** Endpoints that exist right now, by name (of a registry served whole: all its models). */
  names(signal: AbortSignal): Promise<readonly string[]>;
  /** The named endpoint; null names the default one. Errors: MODEL_NOT_FOUND, MODEL_NOT_NAMED. */
  endpoint(name: string | null, signal: AbortSignal): Promise<Endpoint>;
  /** As `endpoint`, at once: null where that has to look, or to say why not. */
  known(name: string | null): Endpoint | null;
  /** Who owns the short routes; null when nobody does. */
  readonly defaultName: string | null;
  /** Ready: the pinned default of every named model answers. Names those that do not, with why. */
  readiness(): { readonly ready: boolean; readonly waiting: readonly string[] };
}
