import { resolve } from 'node:path';
import { countersignError } from '../errors/countersign-error.ts';
import type { VersionMetadata } from '../registry/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { buildIsolated } from './build.ts';
import type { Builder } from './builder.ts';
import { chooseInterpreter, findActive, type Interpreter } from './interpreters.ts';
import type { PythonEnvironment } from './python-environment.ts';
import { minorOf } from './python-version.ts';
import { readRecipe, recipeId, type Recipe } from './recipe.ts';
import type { Variables } from './run.ts';
import { unmetRequirements } from './satisfies.ts';
import { SharedBuilds } from './shared-builds.ts';
import { findUv, installPython } from './uv.ts';

export { type PythonEnvironment } from './python-environment.ts';

export interface Environments {
  /**
   * An environment for the version whose files are in `directory`: found, or built once however many ask.
   * Aborting kills the build when nobody else waits for it. `progress` takes sentences for people.
   * Errors: PYTHON_NOT_FOUND, ENVIRONMENT_FAILED.
   */
  prepare(
    metadata: VersionMetadata,
    directory: string,
    signal: AbortSignal,
    progress: (sentence: string) => void,
  ): Promise<PythonEnvironment>;
}

export interface EnvironmentsOptions {
  /**
   * `auto`: the active Python when it has all that the model asks for, else an isolated one made with uv.
   * `local`: the active Python as it is. `uv`, `virtualenv`: always isolated, made with uv, or venv and pip.
   */
  readonly manager: 'auto' | 'local' | 'uv' | 'virtualenv';
  /** `--python`: a path or a name on PATH. Null: the active virtual environment, else python3 on PATH. */
  readonly python: string | null;
  /** Environments are kept in its folder `environments`. */
  readonly cacheDir: string;
  /** The user's environment: PATH, VIRTUAL_ENV, PIP_*, UV_*. */
  readonly env: Variables;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Task {
  readonly recipe: Recipe;
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

export function createEnvironments(options: EnvironmentsOptions): Environments {
  const shared = new SharedBuilds<PythonEnvironment>();
  return {
    async prepare(metadata, directory, signal, progress) {
      const task = { recipe: await readRecipe(metadata, directory), signal, progress };
      const active = await findActive(options.python, options.env, signal);
      if (active === null && options.python !== null) return noPython(`${options.python} does not answer`);
      if (options.manager === 'local') return local(active ?? noPython('none is active or on PATH'));
      if (options.manager === 'auto' && active !== null && (await fits(active, task, options))) {
        return local(active);
      }
      return isolated(active, task, options, shared);
    },
  };
}

function local(active: Interpreter): PythonEnvironment {
  const { python, version } = active;
  return { python, pythonVersion: version, id: 'local', description: `Python ${version}, the active one` };
}

function noPython(wanted: string): never {
  throw countersignError('PYTHON_NOT_FOUND', wanted);
}

async function fits(active: Interpreter, task: Task, options: EnvironmentsOptions): Promise<boolean> {
  const wanted = task.recipe.pythonVersion;
  const lacks =
    wanted !== null && minorOf(wanted) !== minorOf(active.version)
      ? [`Python ${wanted} (it is ${active.version})`]
      : await unmetRequirements(active.python, task.recipe, options.env, task.signal);
  if (lacks.length === 0) return true;
  const more = lacks.length > 3 ? ` and ${String(lacks.length - 3)} more` : '';
  task.progress(`the active Python does not have ${lacks.slice(0, 3).join(', ')}${more}`);
  options.logger.info({ python: active.python, lacks }, 'the active Python does not fit the model');
  return false;
}

async function isolated(
  active: Interpreter | null,
  task: Task,
  options: EnvironmentsOptions,
  shared: SharedBuilds<PythonEnvironment>,
): Promise<PythonEnvironment> {
  const builder = await chooseBuilder(active, task, options);
  const interpreter = await chooseInterpreter({
    wanted: task.recipe.pythonVersion,
    preferred: active,
    env: options.env,
    signal: task.signal,
    install: (minor) => installPython(builder, minor, options, task),
  });
  if (interpreter === null) return noPython(`the model asks for ${task.recipe.pythonVersion ?? 'any'}`);
  sayOtherMinor(interpreter, task, options.logger);
  const id = await recipeId(task.recipe, [builder.kind, interpreter.version]);
  return shared.run(id, task.signal, task.progress, (signal, progress) =>
    buildIsolated({ ...options, id, recipe: task.recipe, interpreter, builder, signal, progress }),
  );
}

function chooseBuilder(
  active: Interpreter | null,
  task: Task,
  options: EnvironmentsOptions,
): Promise<Builder> | Builder {
  if (options.manager === 'virtualenv') return { kind: 'virtualenv' };
  const root = resolve(options.cacheDir, 'tools');
  return findUv({ ...options, root, active, signal: task.signal, progress: task.progress });
}

function sayOtherMinor(chosen: Interpreter, task: Task, logger: Logger): void {
  const wanted = task.recipe.pythonVersion;
  if (wanted === null || minorOf(wanted) === minorOf(chosen.version)) return;
  task.progress(`the model was logged with Python ${wanted}, which is not here: using ${chosen.version}`);
  logger.warn({ wanted, using: chosen.version }, 'no Python of the minor version the model asks for');
}
