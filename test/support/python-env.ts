import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { uvVariables } from '../../src/environment/pip-settings.ts';
import { withFileLock } from '../../src/util/file-lock.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const cache = join(root, '.cache', 'python');

/**
 * The Python of a test environment, made on first use from `requirements/NAME.txt` (pinned) and kept
 * under `.cache/python/`; a change of the pins makes a new one. Parallel runs wait for each other.
 */
export async function pythonEnv(
  name: string,
  pythonVersion?: string,
  folder = join(import.meta.dirname, 'requirements'),
): Promise<string> {
  const requirements = join(folder, `${name}.txt`);
  const pins = await readFile(requirements, 'utf8');
  const hash = createHash('sha256')
    .update(`${pythonVersion ?? ''}\n${pins}`)
    .digest('hex')
    .slice(0, 12);
  const directory = join(cache, `${name}-${hash}`);
  const done = join(directory, '.complete');
  if (!(await exists(done))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(`${directory}.lock`, new AbortController().signal, async () => {
      if (await exists(done)) return;
      await build(directory, requirements, pythonVersion);
      await writeFile(done, '');
    });
  }
  return join(directory, 'bin', 'python');
}

async function build(directory: string, requirements: string, pythonVersion?: string): Promise<void> {
  const uv = await findUv();
  await rm(directory, { recursive: true, force: true });
  await run(uv, ['venv', '--quiet', '--python', pythonVersion ?? 'python3', directory]);
  const python = join(directory, 'bin', 'python');
  // Compiled once here, or every import in every test pays for it.
  const install = ['pip', 'install', '--quiet', '--compile-bytecode', '--python', python, '-r', requirements];
  // With what the machine sets for pip, such as a folder of wheels.
  await run(uv, install, { maxBuffer: 64 * 1024 * 1024, env: uvVariables(process.env) });
}

/** uv of the PATH, else one installed from PyPI into `.cache/python/uv`. */
export async function findUv(): Promise<string> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(directory, 'uv');
    if (await exists(candidate)) return candidate;
  }
  const own = join(cache, 'uv', 'bin', 'uv');
  if (!(await exists(own))) {
    await run('python3', ['-m', 'venv', join(cache, 'uv')]);
    await run(join(cache, 'uv', 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'uv']);
  }
  return own;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
