import type { ModelSummary, VersionRef } from '../registry.ts';
import type { Store } from '../store.ts';

/** One artifact dressed as a registry: model `name`, version 1. What `--model-uri` of an unregistered model serves. */
export class OneModelStore implements Store {
  readonly uri: string;
  readonly identity = 'artifact';
  readonly #name: string;
  readonly #artifactUri: string;

  constructor(uri: string, name: string, artifactUri: string) {
    this.uri = uri;
    this.#name = name;
    this.#artifactUri = artifactUri;
  }

  async names(): Promise<readonly string[]> {
    return Promise.resolve([this.#name]);
  }

  async models(): Promise<readonly ModelSummary[]> {
    const version = { model: this.#name, version: '1', status: 'READY' };
    const unknown = { createdAt: null, description: null, stage: null, runId: null };
    const summary = {
      name: this.#name,
      description: null,
      aliases: {},
      versions: [{ ...version, ...unknown }],
    };
    return Promise.resolve([summary]);
  }

  async model(name: string): Promise<ModelSummary | null> {
    return (await this.models()).find((model) => model.name === name) ?? null;
  }

  async locate(version: VersionRef): Promise<string | null> {
    const known = version.model === this.#name && version.version === '1';
    return Promise.resolve(known ? this.#artifactUri : null);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
