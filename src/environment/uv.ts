import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { countersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { cachedBuild } from './build-cache.ts';
import type { Builder } from './builder.ts';
import { failureOf, withoutCredentials } from './installer-output.ts';
import { probe, type Interpreter } from './interpreters.ts';
import { buildVariables, uvVariables } from './pip-settings.ts';
import { run, type Ran, type Variables } from './run.ts';

export interface FindUv {
  /** Where a bootstrapped uv is kept. */
  readonly root: string;
  readonly active: Interpreter | null;
  readonly env: Variables;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

/** uv from PATH, else as a module of the active Python, else installed once into the cache with pip. */
export async function findUv(options: FindUv): Promise<Builder> {
  const { active } = options;
  if (await answers(['uv'], options)) return { kind: 'uv', command: ['uv'] };
  if (active === null) throw countersignError('PYTHON_NOT_FOUND', 'and no uv that could get one');
  const asModule = [active.python, '-m', 'uv'];
  if (await answers(asModule, options)) return { kind: 'uv', command: asModule };
  return { kind: 'uv', command: [await bootstrap(active, options)] };
}

async function answers(command: readonly string[], { env, signal }: FindUv): Promise<boolean> {
  const [file = '', ...args] = command;
  return (await run(file, [...args, '--version'], { env, signal })).exitCode === 0;
}

async function bootstrap(active: Interpreter, options: FindUv): Promise<string> {
  const uv = (directory: string): string => join(directory, 'bin', 'uv');
  const directory = await cachedBuild({
    ...options,
    id: 'uv',
    onWait: () => {
      options.progress('waiting for another process that installs uv');
    },
    isUsable: (built) => answers([uv(built)], options),
    build: async (built) => {
      options.progress('installing uv, once');
      await pipInstallUv(active, built, options);
    },
  });
  return uv(directory);
}

/** `--target` needs no venv module, which Debian packages apart; where pip is missing, venv brings it. */
async function pipInstallUv(active: Interpreter, directory: string, options: FindUv): Promise<void> {
  const env = buildVariables(options.env);
  const { signal } = options;
  const install = ['-m', 'pip', 'install', '--disable-pip-version-check', 'uv'];
  const targeted = await run(active.python, [...install, '--target', directory], { env, signal });
  if (targeted.exitCode === 0) return;
  const venv = await run(active.python, ['-m', 'venv', '--clear', directory], { env, signal });
  const python = join(directory, 'bin', 'python');
  const last = venv.exitCode === 0 ? await run(python, install, { env, signal }) : venv;
  if (last.exitCode === 0) return;
  const output = withoutCredentials([targeted, venv, last].map((ran) => ran.stdout + ran.stderr).join('\n'));
  options.logger.error({ output }, 'uv could not be installed');
  throw countersignError(
    'ENVIRONMENT_FAILED',
    `uv is not here and cannot be installed: ${failureOf(output)}`,
  );
}

export interface InstallPython {
  readonly cacheDir: string;
  readonly env: Variables;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Caller {
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

/** A download that failed is not tried again for a day: where there is no way out, each try takes seconds. */
const retryDownloadMs = 24 * 60 * 60 * 1000;

/**
 * Has uv download a Python of that minor version, where the user lets it (UV_PYTHON_DOWNLOADS, UV_OFFLINE).
 * Null when it may not or cannot; the log says why.
 */
export async function installPython(
  builder: Builder,
  minor: number,
  options: InstallPython,
  caller: Caller,
): Promise<Interpreter | null> {
  const env = uvVariables(options.env);
  if (builder.kind !== 'uv' || !mayDownload(env)) return null;
  const version = `3.${String(minor)}`;
  const failed = resolve(options.cacheDir, 'tools', `python-${version}.failed`);
  const failedAt = await readFile(failed, 'utf8').then(Number, () => -Infinity);
  if (options.clock.now() - failedAt < retryDownloadMs) return null;
  const uv = (...args: string[]): Promise<Ran> => {
    const [file = 'uv', ...first] = builder.command;
    return run(file, [...first, 'python', ...args], { env, signal: caller.signal });
  };
  caller.progress(`downloading Python ${version}`);
  const installed = await uv('install', version);
  if (installed.exitCode === 0) return findInstalled(uv, version, env, caller.signal);
  options.logger.warn({ version, reason: failureOf(installed.stderr) }, 'Python could not be downloaded');
  await mkdir(dirname(failed), { recursive: true });
  await writeFile(failed, String(options.clock.now()));
  return null;
}

async function findInstalled(
  uv: (...args: string[]) => Promise<Ran>,
  version: string,
  env: Variables,
  signal: AbortSignal,
): Promise<Interpreter | null> {
  const found = await uv('find', '--system', '--no-project', '--no-python-downloads', version);
  return found.exitCode === 0 ? probe(found.stdout.trim(), env, signal) : null;
}

function mayDownload(env: Variables): boolean {
  const setting = env['UV_PYTHON_DOWNLOADS'] ?? 'automatic';
  const offline = ['1', 'true'].includes(env['UV_OFFLINE'] ?? '');
  return ['automatic', 'auto', 'true', '1'].includes(setting) && !offline;
}
