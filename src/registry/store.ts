import type { ModelSummary, RegisteredVersion, VersionRef } from './registry.ts';

/**
 * What one kind of MLflow store knows: names, versions, aliases, and where a version's files are. It never
 * touches an artifact and remembers nothing, so a version registered a second ago is there. Null means "there
 * is no such thing"; errors are REGISTRY_UNREACHABLE and REGISTRY_UNSUPPORTED.
 */
export interface Store {
  /** As a person wrote it, without credentials. */
  readonly uri: string;
  /** The same for everybody who reads this store; part of the cache's keys. */
  readonly identity: string;
  names(signal: AbortSignal): Promise<readonly string[]>;
  models(signal: AbortSignal): Promise<readonly ModelSummary[]>;
  model(name: string, signal: AbortSignal): Promise<ModelSummary | null>;
  /** The URI of the version's artifact as the store has it (may be `models:/m-...` or `runs:/...`). */
  locate(version: VersionRef, signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}

/** The tracking half of MLflow: runs and logged models, which artifact URIs may point to. */
export interface TrackingStore {
  readonly uri: string;
  /** Artifact URI of the logged model `m-...`. */
  loggedModel(modelId: string, signal: AbortSignal): Promise<string | null>;
  run(runId: string, signal: AbortSignal): Promise<RunArtifacts | null>;
}

export interface RunArtifacts {
  readonly artifactUri: string;
  /** Models that the run logged (MLflow 3), newest first. */
  readonly models: readonly { readonly name: string; readonly artifactUri: string }[];
}

/** The stage MLflow gives a deleted version instead of deleting its row. */
export const deletedStage = 'Deleted_Internal';
/** Registered models with this tag are prompts. */
export const promptTag = 'mlflow.prompt.is_prompt';

export function newestFirst(versions: readonly RegisteredVersion[]): readonly RegisteredVersion[] {
  return versions.toSorted((a, b) => Number(b.version) - Number(a.version));
}

/** Orders models by code points, so that every store lists them alike. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The canonical text of a version number ('1', never '01'); null if it is none. */
export function canonicalVersion(text: string): string | null {
  if (!/^\d{1,15}$/.test(text)) return null;
  return String(Number(text));
}
