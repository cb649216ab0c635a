import type { Signature } from '../../src/contract/signature.ts';
import { countersignError } from '../../src/errors/countersign-error.ts';
import type {
  Artifact,
  FetchProgress,
  ModelSummary,
  RegisteredVersion,
  Registry,
  VersionMetadata,
  VersionRef,
} from '../../src/registry/registry.ts';

/** What a test says of a version; the rest is what MLflow would write for a plain pyfunc. */
export interface FakeVersionOptions extends Partial<Omit<VersionMetadata, 'model' | 'version'>> {
  readonly signature?: Signature | null;
  /** Files of the artifact by relative path; text is UTF-8. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Where `fetch` says they lie; nothing is written there. */
  readonly directory?: string;
}

interface Stored {
  readonly registered: RegisteredVersion;
  readonly metadata: VersionMetadata;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly artifact: Artifact;
}

interface Model {
  readonly description: string | null;
  readonly aliases: Map<string, string>;
  /** Oldest first. */
  readonly versions: Stored[];
}

/** A registry in memory; models, versions and aliases come and go while a test runs. */
export class FakeRegistry implements Registry {
  readonly uri = 'fake://registry';
  /** While true, every call fails with REGISTRY_UNREACHABLE. */
  unreachable = false;
  /** Calls so far, refused ones too. */
  readonly calls = { models: 0, model: 0, describe: 0, read: 0, fetch: 0, close: 0 };
  readonly #models = new Map<string, Model>();
  /** What is registered after the loss of its number is from another second. */
  #deletions = 0;

  addModel(name: string, description: string | null = null): this {
    this.#models.set(name, { description, aliases: new Map(), versions: [] });
    return this;
  }

  /** Registers the next version, and the model with it if it is new. */
  addVersion(name: string, options: FakeVersionOptions = {}): VersionRef {
    if (!this.#models.has(name)) this.addModel(name);
    const { versions } = this.#mustHave(name);
    const ref = { model: name, version: String(Number(versions.at(-1)?.registered.version ?? 0) + 1) };
    versions.push(stored(ref, options, this.#deletions));
    return ref;
  }

  /** As MLflow does: the numbers of deleted versions are not used again unless it was the newest. */
  deleteVersion(ref: VersionRef): void {
    const { versions } = this.#mustHave(ref.model);
    this.#deletions++;
    versions.splice(versions.indexOf(this.#mustHaveVersion(ref)), 1);
  }

  setAlias(name: string, alias: string, version: string): this {
    this.#mustHaveVersion({ model: name, version });
    this.#mustHave(name).aliases.set(alias, version);
    return this;
  }

  deleteAlias(name: string, alias: string): void {
    this.#mustHave(name).aliases.delete(alias);
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    await this.#called('models', signal);
    return [...this.#models.keys()].sort().map((name) => this.#summary(name));
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary> {
    await this.#called('model', signal);
    return this.#summary(name);
  }

  async describe(version: VersionRef, signal: AbortSignal): Promise<VersionMetadata> {
    await this.#called('describe', signal);
    return this.#mustHaveVersion(version).metadata;
  }

  async read(version: VersionRef, path: string, signal: AbortSignal): Promise<Uint8Array | null> {
    await this.#called('read', signal);
    const file = this.#mustHaveVersion(version).files[path];
    return file === undefined ? null : typeof file === 'string' ? new TextEncoder().encode(file) : file;
  }

  async fetch(
    version: VersionRef,
    signal: AbortSignal,
    onProgress?: (progress: FetchProgress) => void,
  ): Promise<Artifact> {
    await this.#called('fetch', signal);
    const { artifact, files } = this.#mustHaveVersion(version);
    const count = Object.keys(files).length;
    onProgress?.({ files: count, filesTotal: count, bytes: 0, bytesTotal: null });
    return artifact;
  }

  remoteUri(): Promise<string | null> {
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    this.calls.close++;
    return Promise.resolve();
  }

  async #called(method: keyof FakeRegistry['calls'], signal: AbortSignal): Promise<void> {
    this.calls[method]++;
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.unreachable) throw countersignError('REGISTRY_UNREACHABLE', this.uri, 'the test said so');
  }

  #mustHave(name: string): Model {
    const model = this.#models.get(name);
    if (model === undefined) {
      throw countersignError('MODEL_NOT_FOUND', name, [...this.#models.keys()].sort());
    }
    return model;
  }

  #mustHaveVersion(ref: VersionRef): Stored {
    const { versions } = this.#mustHave(ref.model);
    const found = versions.find(({ registered }) => registered.version === ref.version);
    if (found === undefined) {
      const known = versions.map(({ registered }) => registered.version);
      throw countersignError('VERSION_NOT_FOUND', ref.model, ref.version, known);
    }
    return found;
  }

  #summary(name: string): ModelSummary {
    const { description, aliases, versions } = this.#mustHave(name);
    return {
      name,
      description,
      aliases: Object.fromEntries(aliases),
      versions: versions.map(({ registered }) => registered).reverse(),
    };
  }
}

function stored(ref: VersionRef, options: FakeVersionOptions, second: number): Stored {
  const { files = {}, directory = `/fake/${ref.model}/${ref.version}`, ...said } = options;
  const metadata: VersionMetadata = {
    flavors: { python_function: { loader_module: 'mlflow.pyfunc.model' } },
    signature: null,
    mlflowVersion: '3.17.2',
    modelId: null,
    runId: null,
    metadata: {},
    example: null,
    ...said,
    ...ref,
  };
  const registered: RegisteredVersion = {
    ...ref,
    createdAt: Date.UTC(2030, 0, Number(ref.version), 0, 0, second),
    description: null,
    stage: null,
    runId: metadata.runId,
    status: 'READY',
  };
  return { registered, metadata, files, artifact: { directory } };
}
