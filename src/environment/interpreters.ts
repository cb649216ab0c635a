import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { byCloseness, isSupported, minorOf } from './python-version.ts';
import { run, type Variables } from './run.ts';

/** A Python that answered. */
export interface Interpreter {
  /** Absolute path, as it says itself (a pyenv shim answers with the real one). */
  readonly python: string;
  readonly version: string;
}

interface Candidate {
  readonly path: string;
  readonly minor: number;
}

const question = 'import sys, platform, json; print(json.dumps([sys.executable, platform.python_version()]))';

/** Asks a Python who it is; null when it does not answer or is too old. */
export async function probe(
  command: string,
  env: Variables,
  signal: AbortSignal,
): Promise<Interpreter | null> {
  const { exitCode, stdout } = await run(command, ['-I', '-S', '-c', question], { env, signal });
  if (exitCode !== 0) return null;
  const [python, version] = answer(stdout);
  return python !== undefined && version !== undefined && isSupported(minorOf(version))
    ? { python, version }
    : null;
}

function answer(stdout: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(stdout);
    return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

/**
 * The Python the user means: the one given, and then no other; else that of the active virtual or conda
 * environment, else python3 or python on PATH. Null when none answers.
 */
export async function findActive(
  given: string | null,
  env: Variables,
  signal: AbortSignal,
): Promise<Interpreter | null> {
  for (const candidate of given === null ? activeCandidates(env) : [given, join(given, 'bin', 'python')]) {
    const found = await probe(candidate, env, signal);
    if (found !== null) return found;
  }
  return null;
}

function activeCandidates(env: Variables): readonly string[] {
  const prefixes = [env['VIRTUAL_ENV'], env['CONDA_PREFIX']].filter((prefix) => isSet(prefix));
  return [...prefixes.map((prefix) => join(prefix, 'bin', 'python')), 'python3', 'python'];
}

export interface ChooseOptions {
  /** The version the model asks for; null when it does not say. */
  readonly wanted: string | null;
  readonly preferred: Interpreter | null;
  readonly env: Variables;
  readonly signal: AbortSignal;
  /** Gets a Python of that minor version from elsewhere; null when it cannot. */
  readonly install: (minor: number) => Promise<Interpreter | null>;
}

/**
 * A base for an isolated environment: of the wanted minor version where one is on PATH, in pyenv, managed by
 * uv or can be installed, else the nearest. The preferred one wins among equals.
 */
export async function chooseInterpreter(options: ChooseOptions): Promise<Interpreter | null> {
  const { preferred, env, signal } = options;
  const wanted = options.wanted === null ? null : minorOf(options.wanted);
  if (preferred !== null && (wanted === null || minorOf(preferred.version) === wanted)) return preferred;
  const known = byCloseness(wanted, await candidates(env));
  const exact = known.filter(({ minor }) => minor === wanted);
  const found = await firstThatAnswers(exact, env, signal);
  if (found !== null) return found;
  const installed = wanted === null || !isSupported(wanted) ? null : await options.install(wanted);
  if (installed !== null) return installed;
  const own = preferred === null ? [] : [{ path: preferred.python, minor: minorOf(preferred.version) ?? 0 }];
  const rest = byCloseness(wanted, [...own, ...known.filter((candidate) => !exact.includes(candidate))]);
  return firstThatAnswers(rest, env, signal);
}

async function firstThatAnswers(
  list: readonly Candidate[],
  env: Variables,
  signal: AbortSignal,
): Promise<Interpreter | null> {
  for (const { path, minor } of list) {
    const found = await probe(path, env, signal);
    // A shim named python3.12 may answer as another one.
    if (found !== null && minorOf(found.version) === minor) return found;
  }
  return null;
}

/** Every Python that can be told by its name or folder, in order of preference. */
async function candidates(env: Variables): Promise<readonly Candidate[]> {
  const home = env['HOME'] ?? '';
  const pyenv = join(env['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions');
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local', 'share');
  const uv = env['UV_PYTHON_INSTALL_DIR'] ?? join(data, 'uv', 'python');
  const path = (env['PATH'] ?? '').split(delimiter).filter((directory) => isSet(directory));
  const lists = await Promise.all([
    ...path.map((directory) => entries(directory, /^python3\.(\d+)$/, '')),
    entries(pyenv, /^3\.(\d+)(?:\.\d+)?$/, 'bin/python3'),
    entries(uv, /^cpython-3\.(\d+)\.\d+-/, 'bin/python3'),
  ]);
  return lists.flat();
}

async function entries(directory: string, pattern: RegExp, tail: string): Promise<readonly Candidate[]> {
  const names = await readdir(directory).catch(() => []);
  return names.toSorted().flatMap((name) => {
    const minor = pattern.exec(name)?.[1];
    return minor === undefined ? [] : [{ path: join(directory, name, tail), minor: Number(minor) }];
  });
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
