import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { countersignError } from '../../errors/countersign-error.ts';
import { asNumber, asRecord, asText, reasonOf, type UnknownRecord } from '../../util/unknown.ts';
import { parsePyYaml } from '../pyyaml.ts';
import type { ModelSummary, RegisteredVersion, VersionRef } from '../registry.ts';
import {
  byName,
  deletedStage,
  newestFirst,
  promptTag,
  type RunArtifacts,
  type Store,
  type TrackingStore,
} from '../store.ts';

/** MLflow's `mlruns` folder: experiments, runs and, under `models`, the registry. MLFLOW.md section 7 has the layout. */
export class FileStore implements Store, TrackingStore {
  readonly uri: string;
  readonly identity: string;
  readonly #root: string;

  constructor(uri: string, root: string) {
    this.uri = uri;
    this.identity = `file:${root}`;
    this.#root = root;
  }

  async names(): Promise<readonly string[]> {
    const names = await this.#subfolders('models');
    const models = await Promise.all(names.map(async (name) => ((await this.#isModel(name)) ? [name] : [])));
    return models.flat().sort();
  }

  async models(signal: AbortSignal): Promise<readonly ModelSummary[]> {
    const names = await this.names();
    const summaries = await Promise.all(names.map((name) => this.model(name, signal)));
    return summaries.filter((summary) => summary !== null).sort(byName);
  }

  async model(name: string, signal: AbortSignal): Promise<ModelSummary | null> {
    signal.throwIfAborted();
    if (!isOneFolder(name) || !(await this.#isModel(name))) return null;
    const meta = await this.#meta('models', name);
    return {
      name,
      description: asText(meta?.['description']),
      aliases: await this.#aliases(name),
      versions: newestFirst(await this.#versions(name)),
    };
  }

  async locate(version: VersionRef): Promise<string | null> {
    if (!isOneFolder(version.model)) return null;
    const meta = await this.#meta('models', version.model, `version-${version.version}`);
    if (meta === null || meta['current_stage'] === deletedStage) return null;
    return asText(meta['storage_location']) ?? asText(meta['source']);
  }

  async loggedModel(modelId: string): Promise<string | null> {
    if (!isOneFolder(modelId)) return null;
    for (const experiment of await this.#subfolders()) {
      const meta = await this.#meta(experiment, 'models', modelId);
      if (meta !== null) return asText(meta['artifact_location']);
    }
    return null;
  }

  async run(runId: string): Promise<RunArtifacts | null> {
    if (!isOneFolder(runId)) return null;
    for (const experiment of await this.#subfolders()) {
      const meta = await this.#meta(experiment, runId);
      const artifactUri = asText(meta?.['artifact_uri']);
      if (artifactUri !== null) return { artifactUri, models: await this.#modelsOfRun(experiment, runId) };
    }
    return null;
  }

  async close(): Promise<void> {
    // Nothing is held between reads.
  }

  async #modelsOfRun(experiment: string, runId: string): Promise<RunArtifacts['models']> {
    const ids = await this.#subfolders(experiment, 'models');
    const metas = await Promise.all(ids.map((id) => this.#meta(experiment, 'models', id)));
    return metas
      .flatMap((meta) => (meta?.['source_run_id'] === runId ? [meta] : []))
      .sort((a, b) => (asNumber(b['creation_timestamp']) ?? 0) - (asNumber(a['creation_timestamp']) ?? 0))
      .map((meta) => ({ name: String(meta['name']), artifactUri: String(meta['artifact_location']) }));
  }

  async #isModel(name: string): Promise<boolean> {
    if ((await this.#meta('models', name)) === null) return false;
    const prompt = await this.#text('models', name, 'tags', promptTag);
    return prompt?.trim().toLowerCase() !== 'true';
  }

  async #versions(model: string): Promise<RegisteredVersion[]> {
    const folders = await this.#subfolders('models', model);
    const wanted = folders.filter((folder) => /^version-\d+$/.test(folder));
    const metas = await Promise.all(wanted.map((folder) => this.#meta('models', model, folder)));
    return metas.flatMap((meta) =>
      meta === null || meta['current_stage'] === deletedStage ? [] : [toVersion(model, meta)],
    );
  }

  async #aliases(model: string): Promise<Record<string, string>> {
    const entries = await this.#list('models', model, 'aliases');
    const read = async (entry: Dirent): Promise<readonly [string, string]> => {
      const version = await this.#text('models', model, 'aliases', entry.name);
      return [entry.name, version?.trim() ?? ''];
    };
    const pairs = await Promise.all(entries.filter((entry) => entry.isFile()).map(read));
    return Object.fromEntries(pairs.filter(([, version]) => version !== ''));
  }

  async #meta(...path: string[]): Promise<UnknownRecord | null> {
    const text = await this.#text(...path, 'meta.yaml');
    // Empty while MLflow is writing it: as good as not there yet.
    return text === null || text === '' ? null : asRecord(parsePyYaml(text));
  }

  async #text(...path: string[]): Promise<string | null> {
    return this.#orNull(readFile(join(this.#root, ...path), 'utf8'));
  }

  async #subfolders(...path: string[]): Promise<string[]> {
    return (await this.#list(...path)).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  async #list(...path: string[]): Promise<Dirent[]> {
    const entries = await this.#orNull(readdir(join(this.#root, ...path), { withFileTypes: true }));
    if (entries === null && path.length === 0) {
      throw countersignError('REGISTRY_UNREACHABLE', this.uri, 'there is no such folder');
    }
    return entries ?? [];
  }

  async #orNull<Result>(reading: Promise<Result>): Promise<Result | null> {
    try {
      return await reading;
    } catch (thrown) {
      if (isAbsent(thrown)) return null;
      throw countersignError('REGISTRY_UNREACHABLE', this.uri, reasonOf(thrown)).with({ cause: thrown });
    }
  }
}

function toVersion(model: string, meta: UnknownRecord): RegisteredVersion {
  return {
    model,
    version: String(meta['version']),
    createdAt: asNumber(meta['creation_timestamp']),
    description: asText(meta['description']),
    stage: asText(meta['current_stage']),
    runId: asText(meta['run_id']),
    status: asText(meta['status']) ?? 'READY',
  };
}

/** A name that stays inside its folder; names come from callers. */
export function isOneFolder(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}

function isAbsent(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')
  );
}
