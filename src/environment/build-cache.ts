import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../util/clock.ts';
import { withFileLock } from '../util/file-lock.ts';

export interface CachedBuild {
  /** The folder of all builds of this kind. */
  readonly root: string;
  readonly id: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Another process builds the same; called once. */
  readonly onWait: () => void;
  /** A finished build may have been broken since, such as by an upgrade of the Python under it. */
  readonly isUsable: (directory: string) => Promise<boolean>;
  /** Fills the directory, which does not exist yet. */
  readonly build: (directory: string) => Promise<void>;
}

/**
 * The directory of a build: a finished one, or a new one.
 *
 * A virtual environment cannot be moved, so it is built where it stays, `<id>-<random>`, under a lock that all
 * processes respect, and `<id>.json`, which names it, is written last. A crash leaves a directory nobody names;
 * even a builder that survived its parent cannot harm the next build, which goes to a directory of its own.
 */
export async function cachedBuild(options: CachedBuild): Promise<string> {
  const { root, id, clock, signal, onWait } = options;
  await mkdir(root, { recursive: true });
  const found = await finished(options);
  if (found !== null) return found;
  const build = async (held: boolean): Promise<string> =>
    (await finished(options)) ?? (await buildNew(options, held));
  return withFileLock(join(root, `${id}.lock`), signal, build, clock, onWait);
}

async function finished({ root, id, isUsable }: CachedBuild): Promise<string | null> {
  const name = await readFile(join(root, `${id}.json`), 'utf8').then(readName, () => null);
  if (name?.startsWith(`${id}-`) !== true) return null;
  const directory = join(root, name);
  return (await isUsable(directory)) ? directory : null;
}

function readName(text: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text);
    const name: unknown = (parsed as { directory?: unknown } | null)?.directory;
    return typeof name === 'string' && !name.includes('/') ? name : null;
  } catch {
    return null;
  }
}

async function buildNew(options: CachedBuild, alone: boolean): Promise<string> {
  const { root, id } = options;
  // Where there are no locks, another process may be building there right now.
  if (alone) await sweep(root, id);
  const name = `${id}-${randomBytes(4).toString('hex')}`;
  const directory = join(root, name);
  try {
    await options.build(directory);
  } catch (error) {
    await remove(directory);
    throw error;
  }
  const record = join(root, `${name}.json`);
  await writeFile(record, `${JSON.stringify({ directory: name })}\n`);
  await rename(record, join(root, `${id}.json`));
  return directory;
}

/** Removes what crashed builds of this id left. */
async function sweep(root: string, id: string): Promise<void> {
  const names = (await readdir(root)).filter((name) => name.startsWith(`${id}-`));
  await Promise.all(names.map((name) => remove(join(root, name))));
}

/** A builder that outlived its process may still write here: what cannot go now goes at the next build. */
async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}
