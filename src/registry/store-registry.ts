import { countersignError } from '../errors/countersign-error.ts';
import type {
  Artifact,
  FetchProgress,
  ModelSummary,
  Registry,
  VersionMetadata,
  VersionRef,
} from './registry.ts';
import type { Store } from './store.ts';
import { withoutCredentials } from './uri.ts';
import { OneModelStore } from './stores/one-model-store.ts';
import type { VersionArtifacts } from './version-artifacts.ts';

/** A registry that can also serve artifacts which are not registered. */
export interface ArtifactRegistry extends Registry {
  /** The artifact at `uri` (a folder, `runs:/`, `models:/m-`, `s3://`...) as version 1 of model `name`. */
  ofArtifact(uri: string, name: string): Registry;
  /** Artifact URI of a registered version. Errors: MODEL_NOT_FOUND, VERSION_NOT_FOUND. */
  locate(version: VersionRef, signal: AbortSignal): Promise<string>;
}

/** A registry from its two halves: a store that knows where versions are, and what reads the files there. */
export class StoreRegistry implements ArtifactRegistry {
  readonly uri: string;
  readonly #store: Store;
  readonly #artifacts: VersionArtifacts;
  readonly #close: () => Promise<void>;

  constructor(store: Store, artifacts: VersionArtifacts, close: () => Promise<void>) {
    this.uri = store.uri;
    this.#store = store;
    this.#artifacts = artifacts;
    this.#close = close;
  }

  models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    return this.#store.models(signal);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary> {
    const found = await this.#store.model(name, signal);
    if (found !== null) return found;
    throw countersignError('MODEL_NOT_FOUND', name, await this.#store.names(signal));
  }

  async describe(version: VersionRef, signal: AbortSignal): Promise<VersionMetadata> {
    return this.#artifacts.describe(version, await this.locate(version, signal), signal);
  }

  async read(version: VersionRef, path: string, signal: AbortSignal): Promise<Uint8Array | null> {
    return this.#artifacts.read(version, await this.locate(version, signal), path, signal);
  }

  async fetch(
    version: VersionRef,
    signal: AbortSignal,
    onProgress: (progress: FetchProgress) => void = () => undefined,
  ): Promise<Artifact> {
    return this.#artifacts.fetch(version, await this.locate(version, signal), signal, onProgress);
  }

  async remoteUri(version: VersionRef, signal: AbortSignal): Promise<string | null> {
    return this.#artifacts.remoteUri(version, await this.locate(version, signal), signal);
  }

  ofArtifact(uri: string, name: string): Registry {
    const store = new OneModelStore(withoutCredentials(uri), name, uri);
    return new StoreRegistry(store, this.#artifacts, this.#close);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async locate(version: VersionRef, signal: AbortSignal): Promise<string> {
    const uri = isVersionNumber(version.version) ? await this.#store.locate(version, signal) : null;
    if (uri !== null) return uri;
    const { versions } = await this.model(version.model, signal);
    const known = versions.map((each) => each.version);
    throw countersignError('VERSION_NOT_FOUND', version.model, version.version, known);
  }
}

/** MLflow's versions are 32-bit integers; asking a server for another one is an error there, not a "no". */
function isVersionNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31;
}
