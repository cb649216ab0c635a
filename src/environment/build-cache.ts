import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { countersignError } from '../errors/countersign-error.ts';
import { sleep, type Clock } from '../util/clock.ts';

/** A lock not renewed for so long was held by a process that is gone. */
const staleLockMs = 10_000;
const pollMs = 250;

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
  readonly build: (directory: string, signal: AbortSignal) => Promise<void>;
}

/**
 * The directory of a build: a finished one, or a new one.
 *
 * A virtual environment cannot be moved, so it is built where it stays, `<id>-<random>`, under a lock that all
 * processes respect, and `<id>.json`, which names it, is written last. A crash leaves a directory nobody names;
 * even a builder that survived its parent cannot harm the next build, which goes to a directory of its own.
 */
export async function cachedBuild(options: CachedBuild): Promise<string> {
  await mkdir(options.root, { recursive: true });
  const found = await finished(options);
  if (found !== null) return found;
  const compromised = new AbortController();
  const release = await acquire(options, compromised);
  try {
    return (await finished(options)) ?? (await buildNew(options, compromised.signal));
  } finally {
    // The lock may be lost already; then there is nothing to give back.
    await release().catch(() => undefined);
  }
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

async function buildNew(options: CachedBuild, compromised: AbortSignal): Promise<string> {
  const { root, id } = options;
  await sweep(root, id);
  const name = `${id}-${randomBytes(4).toString('hex')}`;
  const directory = join(root, name);
  try {
    await options.build(directory, AbortSignal.any([options.signal, compromised]));
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

async function acquire(options: CachedBuild, compromised: AbortController): Promise<() => Promise<void>> {
  const { root, id, clock, signal, onWait } = options;
  let waiting = false;
  for (;;) {
    signal.throwIfAborted();
    const release = await tryLock(join(root, id), compromised);
    if (release !== null) return release;
    if (!waiting) onWait();
    waiting = true;
    await sleep(clock, pollMs, signal);
  }
}

async function tryLock(file: string, compromised: AbortController): Promise<(() => Promise<void>) | null> {
  const onCompromised = (cause: Error): void => {
    compromised.abort(countersignError('ENVIRONMENT_FAILED', `the lock was lost: ${cause.message}`));
  };
  try {
    return await lock(file, { realpath: false, stale: staleLockMs, retries: 0, onCompromised });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return null;
    throw error;
  }
}
