import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

import { tryFileLock, withFileLock } from '../../util/file-lock.ts';
import { mapBounded } from '../../util/map-bounded.ts';
import { asList, asNumber, asRecord, asText } from '../../util/unknown.ts';
import type { Clock } from '../../util/clock.ts';

/** What makes an artifact the same artifact. */
export interface CacheKey {
  /** Identity of the registry. */
  readonly registry: string;
  readonly model: string;
  readonly version: string;
  /** Physical URI of the files; a version that is deleted and made again has another. */
  readonly uri: string;
}

/**
 * Downloaded artifacts, shared by every process of the user.
 *
 *     artifacts/NAME-VERSION-HASH/model/...     complete, never changed again
 *     artifacts/NAME-VERSION-HASH/manifest.json what is in it
 *     artifacts/.partial/NAME-VERSION-HASH-.../  being downloaded
 *     artifacts/.locks/NAME-VERSION-HASH        held while downloading
 *
 * An entry appears by one rename, after its files and manifest are on the disk: a crash leaves a partial folder
 * that the next download clears, never half an entry. The lock only spares two processes the same download;
 * without it (some network file systems) whoever renames first wins and the other takes that entry.
 */
export class ArtifactCache {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #verified = new Set<string>();
  #swept: Promise<void> | undefined;

  constructor(cacheDirectory: string, clock: Clock) {
    this.#root = join(cacheDirectory, 'artifacts');
    this.#clock = clock;
  }

  /** The complete entry's directory, if there is one. */
  async find(key: CacheKey): Promise<string | null> {
    const name = entryName(key);
    const model = join(this.#root, name, 'model');
    if (this.#verified.has(name) && (await exists(model))) return model;
    if (!(await isComplete(join(this.#root, name)))) return null;
    this.#verified.add(name);
    return model;
  }

  /** The entry's directory, after `download` filled an empty one if need be. */
  async obtain(
    key: CacheKey,
    download: (directory: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<string> {
    const found = await this.find(key);
    if (found !== null) return found;
    await this.#prepare();
    const lock = join(this.#root, '.locks', entryName(key));
    return withFileLock(
      lock,
      signal,
      async (alone) => (await this.find(key)) ?? this.#fill(key, download, alone),
      this.#clock,
    );
  }

  async #fill(
    key: CacheKey,
    download: (directory: string) => Promise<void>,
    alone: boolean,
  ): Promise<string> {
    const name = entryName(key);
    // What is there is not complete, or `find` had found it.
    if (alone) await removeAll([...(await this.#partials(name)), join(this.#root, name)]);
    const partial = await mkdtemp(join(this.#root, '.partial', `${name}-`));
    try {
      const model = join(partial, 'model');
      await mkdir(model);
      await download(model);
      await writeManifest(partial, model, key);
      await publish(partial, join(this.#root, name));
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    this.#verified.add(name);
    return join(this.#root, name, 'model');
  }

  async #prepare(): Promise<void> {
    await mkdir(join(this.#root, '.partial'), { recursive: true });
    await mkdir(join(this.#root, '.locks'), { recursive: true });
    await (this.#swept ??= this.#sweep());
  }

  /** Removes what downloads left that did not end, in this process or any that died. */
  async #sweep(): Promise<void> {
    const names = (await readdir(join(this.#root, '.partial'))).map((folder) =>
      folder.replace(/-[^-]*$/, ''),
    );
    for (const name of new Set(names)) {
      // Whoever holds the lock is downloading right now.
      using lock = tryFileLock(join(this.#root, '.locks', name));
      if (lock !== null) await removeAll(await this.#partials(name));
    }
  }

  async #partials(name: string): Promise<string[]> {
    const folders = await readdir(join(this.#root, '.partial'));
    const own = folders.filter((folder) => folder.replace(/-[^-]*$/, '') === name);
    return own.map((folder) => join(this.#root, '.partial', folder));
  }
}

/** Readable for a person, unique by the hash. */
function entryName(key: CacheKey): string {
  const identity = JSON.stringify([key.registry, key.model, key.version, key.uri]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  const readable = key.model.replace(/[^a-zA-Z0-9_.]+/g, '_').slice(0, 60);
  return `${readable}-${key.version}-${hash}`;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}

/** Every file of the manifest is there in its size: half-cleaned temporary folders are not uncommon. */
async function isComplete(entry: string): Promise<boolean> {
  const text = await readFile(join(entry, 'manifest.json'), 'utf8').catch(() => null);
  if (text === null) return false;
  const files = asList(asRecord(parseJson(text))['files']).map(asRecord);
  const whole = await mapBounded(files, 16, async (file) => {
    const found = await stat(join(entry, 'model', asText(file['path']) ?? '')).catch(() => null);
    return found?.size === asNumber(file['size']);
  });
  return files.length > 0 && whole.every(Boolean);
}

async function writeManifest(partial: string, model: string, key: CacheKey): Promise<void> {
  const entries = await readdir(model, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await mapBounded(paths.toSorted(), 16, async (path) => ({
    path: relative(model, path).split(sep).join('/'),
    size: (await stat(path)).size,
  }));
  const manifest = await open(join(partial, 'manifest.json'), 'wx');
  try {
    await manifest.writeFile(`${JSON.stringify({ key, files }, null, 1)}\n`);
    await manifest.sync();
  } finally {
    await manifest.close();
  }
}

async function publish(partial: string, entry: string): Promise<void> {
  try {
    await rename(partial, entry);
  } catch (thrown) {
    // Another process was faster; only possible where there are no locks.
    if (!(await isComplete(entry))) throw thrown;
  }
  await syncDirectory(dirname(entry));
}

/** Makes the rename itself last; not every file system has this, and without it a crash costs one download. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => null);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
