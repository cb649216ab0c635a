import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import type { Environments } from '../../src/environment/environments.ts';
import type { Signature } from '../../src/contract/signature.ts';
import type { Artifact, VersionMetadata } from '../../src/registry/registry.ts';
import { withFileLock } from '../../src/util/file-lock.ts';
import { pythonEnv } from './python-env.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'make_models.py');
const cache = resolve(import.meta.dirname, '../../.cache/python');

/** The path of `python/`, which holds the host. */
export const hostDirectory = resolve(import.meta.dirname, '../../python');

/** Directory of a model of `make_models.py`, made with that environment on first use and kept under `.cache`. */
export async function modelDirectory(name: string, environment = 'models'): Promise<string> {
  const python = await pythonEnv(environment);
  const key = createHash('sha256')
    .update(python)
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 12);
  const directory = join(cache, `made-${key}`, name);
  await mkdir(join(cache, `made-${key}`), { recursive: true });
  await withFileLock(`${directory}.lock`, new AbortController().signal, async () => {
    if (await exists(directory)) return;
    const making = `${directory}.making`;
    await rm(making, { recursive: true, force: true });
    const tracking = `sqlite:///${join(making, 'unused.db')}`;
    await run(python, [script, making, name], { env: { ...process.env, MLFLOW_TRACKING_URI: tracking } });
    await rename(join(making, name), directory);
    await rm(making, { recursive: true });
  });
  return directory;
}

/** A version of a registry whose files are that model; `flavors` as its MLmodel would say. */
export async function pythonVersion(
  name: string,
  flavors: readonly string[] = [],
  environment = 'models',
): Promise<{ metadata: VersionMetadata; artifact: Artifact }> {
  return {
    metadata: metadataOf(name, ['python_function', ...flavors]),
    artifact: { directory: await modelDirectory(name, environment) },
  };
}

export function metadataOf(model: string, flavors: readonly string[]): VersionMetadata {
  const signature: Signature = { inputs: null, outputs: null, params: [], fromTypeHint: false };
  return {
    model,
    version: '1',
    flavors: Object.fromEntries(flavors.map((flavor) => [flavor, {}])),
    signature,
    mlflowVersion: '3.17.2',
    modelId: null,
    runId: null,
    metadata: {},
    example: null,
  };
}

/** Every version gets the interpreter of one test environment. */
export async function oneEnvironment(name: string): Promise<Environments> {
  const python = await pythonEnv(name);
  const environment = { python, pythonVersion: '3', id: name, description: `the test environment ${name}` };
  return { prepare: () => Promise.resolve(environment) };
}

/** Every file under a directory with its size and time, to see that nobody wrote there. */
export async function listing(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true });
  const entries = names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(directory, name));
    return `${name} ${String(size)} ${String(mtimeMs)}`;
  });
  return (await Promise.all(entries)).sort();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
