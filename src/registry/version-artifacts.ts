import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { countersignError, type CountersignError } from '../errors/countersign-error.ts';
import { reasonOf } from '../util/unknown.ts';
import type { ArtifactSource } from './artifacts/artifact-source.ts';
import type { ArtifactCache, CacheKey } from './artifacts/cache.ts';
import { safeRelativePath } from './artifacts/safe-path.ts';
import type { Failure } from './http-client.ts';
import { missingMlmodel, mlmodelFile, parseMlmodel } from './mlmodel.ts';
import type { Artifact, FetchProgress, VersionMetadata, VersionRef } from './registry.ts';

/** Opens the artifact behind a URI as a store has it. */
export interface ArtifactOpener {
  /** The URI with `models:/` and `runs:/` followed to where the files are. */
  resolve(uri: string, signal: AbortSignal, fail: Failure): Promise<string>;
  open(physicalUri: string, fail: Failure): Promise<ArtifactSource>;
}

export interface VersionArtifactsOptions {
  /** Identity of the registry, part of the cache's keys. */
  readonly identity: string;
  readonly opener: ArtifactOpener;
  readonly cache: ArtifactCache;
}

/** The files of versions whose location a store has told: in place when local, else through the cache. */
export class VersionArtifacts {
  readonly #options: VersionArtifactsOptions;

  constructor(options: VersionArtifactsOptions) {
    this.#options = options;
  }

  async describe(version: VersionRef, uri: string, signal: AbortSignal): Promise<VersionMetadata> {
    const file = await this.read(version, uri, mlmodelFile, signal);
    if (file === null) throw missingMlmodel(version);
    return parseMlmodel(new TextDecoder().decode(file), version);
  }

  async read(
    version: VersionRef,
    uri: string,
    path: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | null> {
    if (safeRelativePath(path) === null) return null;
    const located = await this.#locate(version, uri, signal);
    const cached = located.source.kind === 'local' ? located.source.directory : await located.find();
    if (cached !== null) return readLocal(cached, path, located.fail);
    return located.source.kind === 'remote' ? located.source.read(path, signal) : null;
  }

  async fetch(
    version: VersionRef,
    uri: string,
    signal: AbortSignal,
    onProgress: (progress: FetchProgress) => void,
  ): Promise<Artifact> {
    const { source, key, fail } = await this.#locate(version, uri, signal);
    const directory =
      source.kind === 'local'
        ? source.directory
        : await this.#guarded(fail, signal, () =>
            this.#options.cache.obtain(key, (target) => source.download(target, signal, onProgress), signal),
          );
    if ((await readLocal(directory, mlmodelFile, fail)) === null) throw missingMlmodel(version);
    return { directory };
  }

  async remoteUri(version: VersionRef, uri: string, signal: AbortSignal): Promise<string | null> {
    const { source } = await this.#locate(version, uri, signal);
    return source.kind === 'local' ? null : source.uri;
  }

  async #locate(version: VersionRef, uri: string, signal: AbortSignal): Promise<Located> {
    const { opener, cache, identity } = this.#options;
    const fail = failureOf(version);
    const physical = await opener.resolve(uri, signal, fail);
    const key = { registry: identity, model: version.model, version: version.version, uri: physical };
    return { source: await opener.open(physical, fail), key, fail, find: () => cache.find(key) };
  }

  /** A full disk or a cache that may not be written, said as the artifact's failure. */
  async #guarded<Result>(fail: Failure, signal: AbortSignal, job: () => Promise<Result>): Promise<Result> {
    try {
      return await job();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isSystemError(thrown)) throw thrown;
      throw fail(`the cache cannot be written (${thrown.code})`, thrown);
    }
  }
}

interface Located {
  readonly source: ArtifactSource;
  readonly key: CacheKey;
  readonly fail: Failure;
  find(): Promise<string | null>;
}

function failureOf(version: VersionRef): Failure {
  return (reason, cause): CountersignError =>
    countersignError('ARTIFACT_UNREADABLE', version.model, version.version, reason).with({ cause });
}

async function readLocal(directory: string, path: string, fail: Failure): Promise<Uint8Array | null> {
  try {
    return await readFile(join(directory, path));
  } catch (thrown) {
    const code = isSystemError(thrown) ? thrown.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw fail(`${path} cannot be read (${code || reasonOf(thrown)})`, thrown);
  }
}

function isSystemError(thrown: unknown): thrown is Error & { readonly code: string } {
  return (
    thrown instanceof Error && 'syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string'
  );
}
