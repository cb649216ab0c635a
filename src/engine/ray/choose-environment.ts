import { tmpdir } from 'node:os';

import { minorOf } from '../../environment/python-version.ts';
import { meaningfulLines, type Recipe, recipeFrom, recipeId } from '../../environment/recipe.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { asList, asRecord, asText } from '../../util/unknown.ts';
import type { VersionFiles } from '../engine.ts';
import type { ClusterEnvironment } from './application.ts';

/**
 * `auto`: the cluster's own Python where it has what the model asks for. `local`: always. `uv`, `virtualenv`: never; Ray
 * makes an environment, with its plugin `uv` or `pip`.
 */
export type ClusterEnvManager = 'auto' | 'local' | 'uv' | 'virtualenv';

export interface ChooseEnvironment {
  readonly manager: ClusterEnvManager;
  readonly metadata: VersionMetadata;
  readonly files: VersionFiles;
  /** Asks a replica in the cluster's own Python what of these requirements it lacks; the answer is JSON. */
  readonly ask: (requirements: string) => Promise<unknown>;
  readonly progress: (sentence: string) => void;
  readonly logger: Logger;
}

/** The environment to make for a version; null: the cluster's own Python is right. Errors: ENVIRONMENT_FAILED. */
export async function chooseEnvironment(
  { manager, metadata, files, ask, progress, logger }: ChooseEnvironment,
  signal: AbortSignal,
): Promise<ClusterEnvironment | null> {
  if (manager === 'local') return null;
  const recipe = await recipeFrom(metadata, tmpdir(), async (name) => {
    const file = await files.read(name, signal);
    return file === null ? null : new TextDecoder().decode(file);
  });
  const { python, lacks, tools } = readCheck(await ask(recipe.requirements));
  const other =
    recipe.pythonVersion !== null && python !== null && minorOf(recipe.pythonVersion) !== minorOf(python);
  if (other) {
    progress(`the model was logged with Python ${recipe.pythonVersion}, the cluster has ${python}`);
    logger.warn(
      { wanted: recipe.pythonVersion, using: python },
      'the Python of the cluster is another minor version',
    );
  }
  if (manager === 'auto' && lacks.length === 0) return null;
  if (lacks.length > 0) {
    const more = lacks.length > 3 ? ` and ${String(lacks.length - 3)} more` : '';
    progress(`the cluster's own Python does not have ${lacks.slice(0, 3).join(', ')}${more}`);
    logger.info(
      { lacks },
      "the cluster's own Python does not fit the model; it gets an environment of its own",
    );
  }
  return { id: await recipeId(recipe, []), tool: toolOf(manager, tools), packages: packagesOf(recipe) };
}

function readCheck(json: unknown): {
  python: string | null;
  lacks: readonly string[];
  tools: readonly string[];
} {
  const { python, lacks, tools } = asRecord(json);
  const texts = (value: unknown): readonly string[] =>
    asList(value).filter((item): item is string => typeof item === 'string');
  return { python: asText(python), lacks: texts(lacks), tools: texts(tools) };
}

function toolOf(manager: ClusterEnvManager, tools: readonly string[]): ClusterEnvironment['tool'] {
  if (!tools.includes('virtualenv'))
    throw cannot("the cluster's Python has no `virtualenv`, which Ray makes them with");
  if (manager !== 'virtualenv' && tools.includes('uv')) return 'uv';
  if (tools.includes('pip')) return 'pip';
  throw cannot("the cluster's Python has neither `uv` nor `pip`; install uv there");
}

/** Ray gets lines, not files. */
function packagesOf({ requirements, buildDependencies }: Recipe): readonly string[] {
  const first = buildDependencies.filter((line) => !/^pip\b(?!-)/.test(line));
  const lines = meaningfulLines(requirements);
  const file = lines.find((line) =>
    /^(-r|-c|-e|--requirement|--constraint|--editable)\b|^\.{0,2}\/|^[\w.-]+\//.test(line),
  );
  if (file !== undefined)
    throw cannot(`its requirements name a file (${file}), which is not where Ray installs them`);
  return [...first, ...lines];
}

function cannot(why: string): Error {
  return countersignError('ENVIRONMENT_FAILED', why);
}
