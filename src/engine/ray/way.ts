import type { HostMessage } from '../../frames/message.ts';

/** What a replica is asked for; the last part of the path. */
export type What = 'load' | 'check' | 'idle' | 'predict' | 'invoke' | 'stream';

export interface Question {
  readonly application: string;
  readonly model: string;
  readonly what: What;
  /** Of the call, or of the first one of a batch. */
  readonly requestId: string;
  /** The package of the version's artifact: it goes where that is loaded. */
  readonly uri: string;
  /** `versionKey` of it. */
  readonly key: string;
  readonly frame: Uint8Array;
  /** A replica that lost it before: another is asked, if there is one. */
  readonly avoid: string | null;
  /** Sees to it that the cluster has the package, for a replica that has to load it. */
  readonly upload: (signal: AbortSignal) => Promise<void>;
}

/** `lost`: whoever had the request died over it. `gone`: there is no such application. `by`: the replica, if known. */
export type Outcome =
  | {
      readonly type: 'messages';
      readonly messages: AsyncGenerator<HostMessage, void>;
      readonly by: string | null;
    }
  | { readonly type: 'lost'; readonly why: string; readonly by: string | null }
  | { readonly type: 'gone' };

/** How frames reach a replica. */
export interface Way {
  /** Errors: RAY_BUSY, RAY_UNREACHABLE, DEADLINE_EXCEEDED, CALLER_LEFT. */
  ask(question: Question, signal: AbortSignal): Promise<Outcome>;
  /** How many replicas take requests for it, as far as known. */
  replicas(application: string): number | null;
  /** Which way its requests go at the moment, and why. */
  describe(application: string): WayInUse;
}

/** What every way needs to know of one call. */
export interface Asking {
  readonly signal: AbortSignal;
  /** The error of a caller who left, or whose deadline passed. */
  readonly left: () => Error;
  /** Takes what a replica says of itself on its answer. Returns its id, if it said one. */
  readonly noted: (note: string) => string | null;
}

export interface WayInUse {
  readonly way: 'direct' | 'proxy';
  /** Part of a sentence: "directly to 2 replicas", "through Ray's proxy: ...". */
  readonly sentence: string;
}

/** One request that somebody answered, for counters. */
export interface AskedReplica {
  readonly model: string;
  readonly way: 'direct' | 'proxy';
  /** As it called itself; null when it said nothing. */
  readonly replica: string | null;
}
