import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { countersignError } from '../../errors/countersign-error.ts';
import { reasonOf } from '../../util/unknown.ts';
import { mlmodelFile } from '../mlmodel.ts';
import type { ModelSummary, RegisteredVersion, VersionRef } from '../registry.ts';
import { canonicalVersion, newestFirst, type Store, type TrackingStore } from '../store.ts';
import { isOneFolder } from './file-store.ts';

/** A plain folder of models, `NAME/VERSION/MLmodel`, with no MLflow anywhere: no aliases, no runs. */
export class FolderStore implements Store, TrackingStore {
  readonly uri: string;
  readonly identity: string;
  readonly #root: string;

  constructor(uri: string, root: string) {
    this.uri = uri;
    this.identity = `folder:${root}`;
    this.#root = root;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.models(signal)).map((model) => model.name);
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    const names = await this.#folders();
    const summaries = await Promise.all(names.map((name) => this.model(name, signal)));
    return summaries.filter((summary) => summary !== null);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary | null> {
    signal.throwIfAborted();
    if (!isOneFolder(name)) return null;
    const folders = await this.#folders(name);
    const versions = (await Promise.all(folders.map((folder) => this.#version(name, folder)))).flat();
    return versions.length === 0
      ? null
      : { name, description: null, aliases: {}, versions: newestFirst(versions) };
  }

  async locate(version: VersionRef): Promise<string | null> {
    if (!isOneFolder(version.model)) return null;
    const [found] = await this.#version(version.model, version.version);
    return found === undefined ? null : join(this.#root, version.model, version.version);
  }

  async loggedModel(): Promise<null> {
    return Promise.resolve(null);
  }

  async run(): Promise<null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    // Nothing is held between reads.
  }

  async #version(model: string, version: string): Promise<RegisteredVersion[]> {
    if (canonicalVersion(version) !== version) return [];
    const file = await stat(join(this.#root, model, version, mlmodelFile)).catch(() => null);
    if (file === null) return [];
    const createdAt = Math.round(file.mtimeMs);
    return [{ model, version, createdAt, description: null, stage: null, runId: null, status: 'READY' }];
  }

  async #folders(...path: string[]): Promise<string[]> {
    try {
      const entries = await readdir(join(this.#root, ...path), { withFileTypes: true });
      // Links too: a version is often one.
      const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
      return folders.map((entry) => entry.name).sort();
    } catch (thrown) {
      if (path.length > 0) return [];
      const gone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
      const reason = gone ? 'there is no such folder' : reasonOf(thrown);
      throw countersignError('REGISTRY_UNREACHABLE', this.uri, reason).with({ cause: thrown });
    }
  }
}
