import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { VersionMetadata } from '../registry/registry.ts';

/** What a version says it needs to run, from the files MLflow writes beside its MLmodel. */
export interface Recipe {
  /** As logged ('3.11.7'); null where no file says. */
  readonly pythonVersion: string | null;
  /** What MLflow installs first, such as `setuptools==68.2.2`. */
  readonly buildDependencies: readonly string[];
  /** The text of a requirements file; relative paths in it start at `directory`. */
  readonly requirements: string;
  /** The file that text came from; null when it was put together from another one. */
  readonly requirementsFile: string | null;
  /** Absolute. */
  readonly directory: string;
}

/**
 * Reads `requirements.txt` and `python_env.yaml`; of a model logged before MLflow wrote those, `conda.yaml`.
 * A model that has none of them needs the MLflow that logged it.
 */
export async function readRecipe(metadata: VersionMetadata, folder: string): Promise<Recipe> {
  const directory = resolve(folder);
  return recipeFrom(metadata, directory, (name) => readText(join(directory, name)));
}

/** The same of files that are elsewhere; `read` is null where there is no such file. */
export async function recipeFrom(
  metadata: VersionMetadata,
  directory: string,
  read: (name: string) => Promise<string | null>,
): Promise<Recipe> {
  const names = environmentFiles(metadata);
  const pythonEnv = record(yaml(await read(names.virtualenv)));
  const conda = condaPart(record(yaml(await read(names.conda))));
  const requirementsFile = join(directory, 'requirements.txt');
  const text = await read('requirements.txt');
  const fallback = conda.pip.length > 0 ? conda.pip : [mlflowItself(metadata)];
  return {
    pythonVersion: versionText(pythonEnv['python']) ?? conda.python,
    buildDependencies: strings(pythonEnv['build_dependencies']),
    requirements: text ?? fallback.join('\n'),
    requirementsFile: text === null ? null : requirementsFile,
    directory,
  };
}

/**
 * Names the environment a recipe makes: equal for equal requirements (comments and blank lines do not count),
 * Python and platform. Local files the requirements name count by content.
 */
export async function recipeId(recipe: Recipe, builder: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const put = (part: string | Uint8Array): void => {
    hash.update(`${String(part.length)}:`).update(part);
  };
  [...builder, process.platform, process.arch, ...recipe.buildDependencies].forEach(put);
  await putLines(recipe.requirements, recipe.directory, put, 0);
  return hash.digest('hex').slice(0, 16);
}

async function putLines(
  text: string,
  directory: string,
  put: (part: string | Uint8Array) => void,
  depth: number,
): Promise<void> {
  for (const line of meaningfulLines(text)) {
    put(line);
    const included = /^(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(\S+)$/.exec(line)?.[1];
    const file = included ?? line.split(/[\s;[]/, 1)[0] ?? '';
    const content = await readFile(join(directory, file)).catch(() => null);
    if (content === null) continue;
    if (included === undefined || depth > 8) put(content);
    else await putLines(content.toString(), directory, put, depth + 1);
  }
}

/** The lines of a requirements file that mean something, comments gone. */
export function meaningfulLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

function environmentFiles(metadata: VersionMetadata): { virtualenv: string; conda: string } {
  const env: unknown = metadata.flavors['python_function']?.['env'];
  const named = record(env);
  const name = (value: unknown, otherwise: string): string =>
    typeof value === 'string' && value !== '' ? basename(value) : otherwise;
  return {
    virtualenv: name(named['virtualenv'], 'python_env.yaml'),
    conda: name(typeof env === 'string' ? env : named['conda'], 'conda.yaml'),
  };
}

function condaPart(file: Readonly<Record<string, unknown>>): { python: string | null; pip: string[] } {
  const dependencies = Array.isArray(file['dependencies']) ? (file['dependencies'] as unknown[]) : [];
  const python = strings(dependencies)
    .map((line) => /^python\s*={1,2}\s*(\d[\w.]*)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  return { python: python ?? null, pip: dependencies.flatMap((entry) => strings(record(entry)['pip'])) };
}

function mlflowItself(metadata: VersionMetadata): string {
  return metadata.mlflowVersion === null ? 'mlflow' : `mlflow==${metadata.mlflowVersion}`;
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function yaml(text: string | null): unknown {
  if (text === null) return null;
  try {
    // `failsafe` keeps 3.10 a text.
    return parse(text, { schema: 'failsafe' }) as unknown;
  } catch {
    return null;
  }
}

function versionText(value: unknown): string | null {
  return typeof value === 'string' && /^\d+\.\d+/.test(value) ? value : null;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
