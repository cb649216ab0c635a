import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { pythonEnv } from '../test/support/python-env.ts';
import { cache, packaged, requirements, root } from './paths.ts';

const run = promisify(execFile);
const scripts = join(import.meta.dirname, 'models');

/** What every run needs. */
export interface Prepared {
  /** The interpreter that serves the models, with ours and with MLflow's own server. */
  readonly python: string;
  /** The MLflow store with the models. */
  readonly trackingUri: string;
  /** The folder of each model, by its name. */
  readonly folders: Readonly<Record<string, string>>;
}

/** Builds the package, and makes what is missing of environment and models. */
export async function prepare(): Promise<Prepared> {
  await build();
  const python = await pythonEnv('serving', undefined, requirements);
  const models = await loggedModels(python);
  const folders = JSON.parse(await readFile(join(models, 'folders.json'), 'utf8')) as Prepared['folders'];
  return { python, trackingUri: `sqlite:///${models}/mlflow.db`, folders };
}

/** As an installed package has it, with dist/ and without src/: it runs no TypeScript. */
export async function build(): Promise<void> {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['-p', 'tsconfig.build.json'], { cwd: root }).catch((error: unknown) => {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`the package cannot be built:\n${said}`, { cause: error });
  });
  await rm(packaged, { recursive: true, force: true });
  await mkdir(join(packaged, 'bin'), { recursive: true });
  await copyFile(join(root, 'bin', 'countersign.js'), join(packaged, 'bin', 'countersign.js'));
  await copyFile(join(root, 'package.json'), join(packaged, 'package.json'));
  await symlink(join(root, 'dist'), join(packaged, 'dist'));
}

/** The directory with the models; another one for other scripts or pins. */
async function loggedModels(python: string): Promise<string> {
  const names = (await readdir(scripts)).filter((name) => name.endsWith('.py')).sort();
  const files = [...names.map((name) => join(scripts, name)), join(requirements, 'serving.txt')];
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const directory = join(cache, `models-${hash.digest('hex').slice(0, 12)}`);
  const there = await access(join(directory, 'folders.json')).then(
    () => true,
    () => false,
  );
  if (there) return directory;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  try {
    await run(python, [join(scripts, 'log.py'), directory], { maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    await rename(directory, `${directory}.broken`);
    throw error;
  }
  return directory;
}
