import type { Nested, Params, Payload } from '../payload/payload.ts';
import type { Artifact, VersionMetadata } from '../registry/registry.ts';
import type { Caller } from '../util/caller.ts';

export type EngineName = 'onnx' | 'python' | 'ray';

export type Loadable = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Makes loaders for versions it can run. Engines never import each other; `test/suites/engine.ts` runs
 * against all of them.
 */
export interface Engine {
  readonly name: EngineName;
  /** From metadata alone, without I/O. */
  canLoad(metadata: VersionMetadata): Loadable;
  /** Cheap; all work is in `load`. */
  loader(metadata: VersionMetadata, artifact: Artifact): Loader;
  /** For an engine that may not need the files here: instead of `loader`, before they are fetched. */
  readonly loaderFrom?: (metadata: VersionMetadata, files: VersionFiles) => Loader;
  /** Ends what the engine shares between servables. All of them are unloaded before. */
  close(): Promise<void>;
}

/** The files of a version, wherever they lie. */
export interface VersionFiles {
  /** Where another machine finds them with MLflow's own client; null: on the disk of this one. */
  remoteUri(signal: AbortSignal): Promise<string | null>;
  /** One small file; null if there is none. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | null>;
  /** All of them, on this machine. */
  fetch(signal: AbortSignal, progress: (sentence: string) => void): Promise<Artifact>;
}

/** Brings one version up once. Not reused: a second try takes a new loader. */
export interface Loader {
  /**
   * Ready to predict when it resolves. When it rejects or `signal` aborts, everything it started is gone.
   * `progress` takes sentences a person can read ("building the environment: 12 of 30 packages").
   */
  load(signal: AbortSignal, progress: (sentence: string) => void): Promise<Servable>;
}

/** The loaded thing. */
export interface Servable {
  readonly engine: EngineName;
  /** How many predicts can run at once; more wait inside. May change, where replicas come and go. */
  readonly executors: number;
  /** True when `predictStream` may be called. */
  readonly streams: boolean;
  /** True where a predict may run on the event loop itself: between two of them others need a turn. */
  readonly onEventLoop?: boolean;
  /** One sentence on how it runs, for /versions ("2 workers, Python 3.11.7, environment 3f2a"). */
  readonly detail: string;
  /** Bytes that letting it go would free, as far as known. */
  readonly memoryBytes: number | null;
  /**
   * Predicts. `input` fits the version's own signature (or is a `value` when it has none) and the answer is
   * whatever the model answered, as a payload. Errors: MODEL_FAILED, WORKER_LOST, DEADLINE_EXCEEDED (the caller
   * left with that, or with a TimeoutError), CALLER_LEFT (for any other reason).
   */
  predict(call: PredictCall, caller: Caller): Promise<Payload>;
  /** Items of the model's `predict_stream`, pulled one by one: the model waits while nobody reads. */
  predictStream(call: PredictCall, caller: Caller): AsyncIterable<Nested>;
  /**
   * A request of `/invocations` through MLflow's own code beside the model; absent where there is none. Errors: as
   * `predict`, and INVALID_BODY for what MLflow refuses.
   */
  readonly invoke?: Invoke;
  /** Waits for nothing: whoever owns the servable made sure that nothing runs. Safe to call twice. */
  unload(): Promise<void>;
}

/** A request of MLflow's protocol as it came in. */
export interface RawCall {
  readonly body: Uint8Array;
  /** The whole header; null when there is none. */
  readonly contentType: string | null;
  /**
   * MLflow's answer by construction. Else a model's exception is 500, a caller's mistake is 4xx and JSON has no NaN, as
   * in the answers that countersign writes itself.
   */
  readonly exact: boolean;
  readonly requestId: string;
}

export type Invoke = (call: RawCall, caller: Caller) => Promise<RawAnswer>;

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface PredictCall {
  readonly input: Payload;
  /** Complete: the defaults are filled in. Empty when the model takes none. */
  readonly params: Params;
  /** For the log lines of the worker. */
  readonly requestId: string;
}
