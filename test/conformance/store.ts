import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { withFileLock } from '../../src/util/file-lock.ts';
import { pythonEnv } from '../support/python-env.ts';

const run = promisify(execFile);
const sources = join(import.meta.dirname, 'models');
const cache = resolve(import.meta.dirname, '../../.cache/conformance');

/** The models of `models/make.py` in an MLflow store. */
export interface ConformanceStore {
  /** The Python they were made with, and run with. */
  readonly python: string;
  readonly trackingUri: string;
  /** Each model's directory, by name. */
  readonly directories: Readonly<Record<string, string>>;
}

/** Makes the store on first use and keeps it under `.cache/conformance/`; a change of the script or the pins makes a new one. */
export async function conformanceStore(): Promise<ConformanceStore> {
  const python = await pythonEnv('conformance');
  const directory = join(cache, await fingerprint(python));
  await mkdir(cache, { recursive: true });
  await withFileLock(`${directory}.lock`, new AbortController().signal, async () => {
    if ((await madeModels(directory)) === null) await make(python, directory);
  });
  const directories = await madeModels(directory);
  if (directories === null) throw new Error('make.py wrote no list of its models');
  return { python, trackingUri: `sqlite:///${join(directory, 'mlflow.db')}`, directories };
}

/** The environment's own path holds the hash of its pins. */
async function fingerprint(python: string): Promise<string> {
  const hash = createHash('sha256').update(python);
  const entries = await readdir(sources, { recursive: true });
  for (const file of entries.filter((entry) => entry.endsWith('.py')).sort()) {
    hash.update(`\n${file}\n`).update(await readFile(join(sources, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** What an earlier run made; null when there is none, or it was not finished: the list is written last. */
async function madeModels(directory: string): Promise<Record<string, string> | null> {
  const list = await readFile(join(directory, 'models.json'), 'utf8').catch(() => null);
  return list === null ? null : (JSON.parse(list) as Record<string, string>);
}

async function make(python: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const unfinished = join(directory, 'models.unfinished.json');
  await run(
    python,
    [
      join(sources, 'make.py'),
      ...['--tracking-uri', `sqlite:///${join(directory, 'mlflow.db')}`],
      ...['--artifact-root', join(directory, 'artifacts')],
      ...['--out', unfinished],
    ],
    // Without .pyc files of its own beside the sources.
    { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  await rename(unfinished, join(directory, 'models.json'));
}
