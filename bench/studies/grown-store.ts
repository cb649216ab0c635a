import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cache } from '../paths.ts';
import type { Prepared } from '../prepare.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'grow.py');

/** A store of many versions and models; see grow.py. */
export interface GrownStore {
  readonly trackingUri: string;
  /** A model with one version, and one with two hundred, of the same files. */
  readonly one: string;
  readonly many: string;
  /** Models of one version each. */
  readonly models: readonly string[];
  /** A model in Python with four versions. */
  readonly pyfunc: string;
}

/** Made on first use; another one for other models or another script. */
export async function grownStore({ python, folders }: Prepared): Promise<GrownStore> {
  const text = JSON.stringify(folders);
  const key = createHash('sha256')
    .update(text)
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 12);
  const directory = join(cache, `grown-${key}`);
  const isThere = await access(join(directory, 'complete')).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'folders.json'), text);
    await run(python, [script, directory, join(directory, 'folders.json')], { maxBuffer: 64 * 1024 * 1024 });
  }
  return {
    trackingUri: `sqlite:///${directory}/mlflow.db`,
    one: 'one',
    many: 'many',
    models: Array.from({ length: 50 }, (_, index) => `m${String(index + 1).padStart(2, '0')}`),
    pyfunc: 'pyfunc',
  };
}
