import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { countersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { cachedBuild } from './build-cache.ts';
import type { Builder } from './builder.ts';
import { failureOf, progressOf, withoutCredentials } from './installer-output.ts';
import { probe, type Interpreter } from './interpreters.ts';
import { buildVariables, uvVariables } from './pip-settings.ts';
import type { PythonEnvironment } from './python-environment.ts';
import type { Recipe } from './recipe.ts';
import { run, type Variables } from './run.ts';

export interface Build {
  readonly id: string;
  readonly recipe: Recipe;
  /** The base the environment is made from. */
  readonly interpreter: Interpreter;
  readonly builder: Builder;
  readonly cacheDir: string;
  readonly env: Variables;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

const pythonOf = (directory: string): string => join(directory, 'bin', 'python');

/** The isolated environment of a recipe, from the cache or built now. Errors: ENVIRONMENT_FAILED. */
export async function buildIsolated(build: Build): Promise<PythonEnvironment> {
  const { id, env, signal, progress } = build;
  const directory = await cachedBuild({
    root: resolve(build.cacheDir, 'environments'),
    id,
    clock: build.clock,
    signal,
    onWait: () => {
      progress('waiting for another process that builds the same environment');
    },
    isUsable: async (found) => (await probe(pythonOf(found), env, signal)) !== null,
    build: (fresh) => install(fresh, build),
  });
  const { version } = build.interpreter;
  const description = `Python ${version}, environment ${id.slice(0, 8)}`;
  return { python: pythonOf(directory), pythonVersion: version, id, description };
}

async function install(directory: string, build: Build): Promise<void> {
  const started = build.clock.monotonicMs();
  build.progress(`building an environment with Python ${build.interpreter.version}`);
  const [create, add] = commands(directory, build);
  await step(create, build);
  for (const wanted of await installs(directory, build)) await step([...add, ...wanted], build);
  const seconds = Math.ceil((build.clock.monotonicMs() - started) / 1000);
  build.progress(`built the environment in ${String(seconds)} s`);
  build.logger.info({ environment: build.id, seconds }, 'environment built');
}

/** As MLflow does it: what builds packages first, then the requirements, which may replace it. */
async function installs(directory: string, { recipe, builder }: Build): Promise<readonly string[][]> {
  // uv does what pip would do.
  const first = recipe.buildDependencies.filter((line) => builder.kind !== 'uv' || !/^pip\b(?!-)/.test(line));
  const file = recipe.requirementsFile ?? join(directory, 'requirements.txt');
  if (recipe.requirementsFile === null) await writeFile(file, `${recipe.requirements}\n`);
  return [...(first.length > 0 ? [[...first]] : []), ['-r', file]];
}

function commands(
  directory: string,
  { builder, interpreter }: Build,
): [readonly string[], readonly string[]] {
  const python = pythonOf(directory);
  if (builder.kind === 'virtualenv') {
    const pip = [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off'];
    return [[interpreter.python, '-m', 'venv', directory], pip];
  }
  return [
    [...builder.command, 'venv', '--quiet', '--no-project', '--python', interpreter.python, directory],
    // Without compiled files an environment imports three to five times slower, each time.
    [...builder.command, 'pip', 'install', '--python', python, '--compile-bytecode', '--color', 'never'],
  ];
}

async function step([file = '', ...args]: readonly string[], build: Build): Promise<void> {
  const env = build.builder.kind === 'uv' ? uvVariables(build.env) : buildVariables(build.env);
  const { exitCode, stdout, stderr } = await run(file, args, {
    env,
    // pip and uv read relative paths in requirements from where they run.
    cwd: build.recipe.directory,
    signal: build.signal,
    onLine: (line) => {
      const sentence = progressOf(line);
      if (sentence !== null) build.progress(sentence);
    },
  });
  const output = withoutCredentials(stdout + stderr);
  build.logger.debug({ environment: build.id, output }, 'environment step');
  if (exitCode === 0) return;
  build.logger.error({ environment: build.id, output }, 'the environment cannot be built');
  throw countersignError('ENVIRONMENT_FAILED', failureOf(stderr.trim() === '' ? output : stderr));
}
