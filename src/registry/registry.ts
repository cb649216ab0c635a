import type { Signature } from '../contract/signature.ts';

/** One version of a registered model. `version` is the canonical decimal text ('1', never '01'). */
export interface VersionRef {
  readonly model: string;
  readonly version: string;
}

export interface ModelSummary {
  readonly name: string;
  readonly description: string | null;
  readonly aliases: Readonly<Record<string, string>>;
  /** Newest first. */
  readonly versions: readonly RegisteredVersion[];
}

export interface RegisteredVersion extends VersionRef {
  /** Milliseconds since the epoch; null where the store does not say. */
  readonly createdAt: number | null;
  readonly description: string | null;
  readonly stage: string | null;
  readonly runId: string | null;
  /** READY, PENDING_REGISTRATION, FAILED_REGISTRATION as MLflow says it. */
  readonly status: string;
}

/** What a version says of itself: its MLmodel file, read. Nothing is downloaded for it but that file. */
export interface VersionMetadata extends VersionRef {
  /** Flavor name to its configuration, as in the file. */
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Null: the model was logged without one and is served untyped. */
  readonly signature: Signature | null;
  readonly mlflowVersion: string | null;
  readonly modelId: string | null;
  readonly runId: string | null;
  /** `metadata` of the file, such as `{task: 'llm/v1/chat'}`. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** `saved_input_example_info`: where the model's own input example lies, if it has one. */
  readonly example: ExampleInfo | null;
}

export interface ExampleInfo {
  /** Relative path of the example as logged. */
  readonly path: string;
  /** `dataframe`, `ndarray`, `json_object`... as MLflow names it. */
  readonly type: string;
  /** Relative path of the example as a body of /invocations, where MLflow wrote one. */
  readonly servingPath: string | null;
}

/** The downloaded files of one version: a directory that holds `MLmodel`. Read-only to whoever gets it. */
export interface Artifact {
  readonly directory: string;
}

export interface FetchProgress {
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number | null;
}

/**
 * A model registry, outside. Every implementation passes `test/suites/registry.ts`.
 *
 * Errors: MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND (naming what exists), REGISTRY_UNREACHABLE,
 * REGISTRY_UNSUPPORTED, ARTIFACT_UNREADABLE, INVALID_MLMODEL. Nothing is written to the registry, ever.
 */
export interface Registry {
  /** The URI as a person wrote it, without credentials; for messages. */
  readonly uri: string;
  /** Every registered model with its versions and aliases, by name. */
  models(signal: AbortSignal): Promise<readonly ModelSummary[]>;
  /** One registered model as it is now (one registered a second ago is found). */
  model(name: string, signal: AbortSignal): Promise<ModelSummary>;
  /** Reads the version's MLmodel. */
  describe(version: VersionRef, signal: AbortSignal): Promise<VersionMetadata>;
  /** One small file of the version, such as its input example; null if there is none. */
  read(version: VersionRef, path: string, signal: AbortSignal): Promise<Uint8Array | null>;
  /** The version's files, downloaded once into the cache (or used in place when they are local). */
  fetch(
    version: VersionRef,
    signal: AbortSignal,
    onProgress?: (progress: FetchProgress) => void,
  ): Promise<Artifact>;
  /** Where another machine finds the version's files with MLflow's own client; null: on the disk of this one. */
  remoteUri(version: VersionRef, signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}
