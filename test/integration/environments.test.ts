import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createEnvironments,
  type Environments,
  type EnvironmentsOptions,
  type PythonEnvironment,
} from '../../src/environment/environments.ts';
import { readRecipe } from '../../src/environment/recipe.ts';
import { unmetRequirements } from '../../src/environment/satisfies.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { onnxVersion } from '../support/onnx-specimens.ts';
import { findUv } from '../support/python-env.ts';

/** Everything a test makes, and one cache for all of them. */
const root = mkdtempSync(join(tmpdir(), 'environments-'));
const cacheDir = join(root, 'cache');
const metadata = onnxVersion('m', {});
const never = new AbortController().signal;
const started: ChildProcess[] = [];

/** A virtual environment with pip, packaging and six 1.17.0, and no uv. */
let active = '';
let minor = '';

/** With uv on the PATH, so that what is heard first is of the environment and not of getting uv. */
let withUv: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  const path = [dirname(await findUv()), process.env['PATH']].join(delimiter);
  withUv = { ...process.env, PATH: path, UV_PYTHON_DOWNLOADS: 'never' };
  const folder = join(root, 'active');
  execFileSync('python3', ['-m', 'venv', folder]);
  active = join(folder, 'bin', 'python');
  execFileSync(active, ['-m', 'pip', 'install', '-q', 'packaging', 'six==1.17.0', 'requests']);
  minor = runPython(active, 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")');
});

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const runPython = (python: string, code: string): string =>
  execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim();
const sixOf = ({ python }: PythonEnvironment): string =>
  runPython(python, 'import six; print(six.__version__)');

/** Everything built or half built in a cache; locks are files that stay. */
const foldersOf = (cache: string): string[] =>
  readdirSync(join(cache, 'environments')).filter((name) => !name.endsWith('.lock'));

function environmentsWith(options: Partial<EnvironmentsOptions> = {}): Environments {
  return createEnvironments({
    manager: 'uv',
    python: active,
    cacheDir,
    // uv must not look for other Pythons far away.
    env: { ...process.env, UV_PYTHON_DOWNLOADS: 'never' },
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
}

/** The folder of a model with these requirements. */
function model(requirements: string, python = `${minor}.1`): string {
  const directory = mkdtempSync(join(root, 'model-'));
  writeFileSync(join(directory, 'requirements.txt'), requirements);
  writeFileSync(
    join(directory, 'python_env.yaml'),
    `python: ${python}\ndependencies: [-r requirements.txt]\n`,
  );
  return directory;
}

async function prepare(
  environments: Environments,
  directory: string,
  heard: string[] = [],
  signal = never,
): Promise<PythonEnvironment> {
  return environments.prepare(metadata, directory, signal, (sentence) => heard.push(sentence));
}

describe('auto', () => {
  test('takes the active Python when it has all that the model asks for', async () => {
    const directory = model('six>=1.16\nrequests; python_version > "3"\nnever==1; python_version < "3"\n');
    const found = await prepare(environmentsWith({ manager: 'auto' }), directory);
    expect(found).toMatchObject({ python: active, id: 'local' });
  });

  test.each([
    ['another release', 'six==1.16.0', 'six==1.16.0 (it has 1.17.0)'],
    ['a package it lacks', 'six\nsortedcontainers==2.4.0', 'sortedcontainers==2.4.0'],
    ['an extra it lacks', 'requests[socks]', 'PySocks'],
  ])('builds an isolated one for %s, and says why', async (_, requirements, lack) => {
    const heard: string[] = [];
    const built = await prepare(environmentsWith({ manager: 'auto' }), model(requirements), heard);
    expect(built.id).not.toBe('local');
    expect(heard[0]).toContain(`the active Python does not have ${lack}`);
  });

  test('builds an isolated one for another Python, of the nearest version there is, and says so', async () => {
    const heard: string[] = [];
    const built = await prepare(environmentsWith({ manager: 'auto' }), model('six==1.17.0', '3.99.0'), heard);
    expect(heard.join('\n')).toContain(
      'the model was logged with Python 3.99.0, which is not here: using 3.',
    );
    expect(built.pythonVersion).toMatch(/^3\.1\d\./);
  });
});

test('versions with conflicting requirements get environments of their own, found again afterwards', async () => {
  const [old, recent] = [model('six==1.16.0\n'), model('six==1.17.0\n')];
  const heard: string[] = [];
  const [first, second] = await Promise.all([
    prepare(environmentsWith(), old, heard),
    prepare(environmentsWith(), recent),
  ]);
  expect([sixOf(first), sixOf(second)]).toEqual(['1.16.0', '1.17.0']);
  expect(first.id).not.toBe(second.id);
  const again: string[] = [];
  expect(await prepare(environmentsWith(), model('# the same\nsix==1.16.0'), again)).toEqual(first);
  expect(again).toEqual([]);
});

test('an environment is compiled to bytecode', async () => {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const built = await prepare(environmentsWith({ env }), model('six==1.16.0\n'));
  const compiled = runPython(built.python, 'import six, os; print(os.path.exists(six.__cached__))');
  expect(compiled).toBe('True');
});

test('many who ask at once share one build', async () => {
  const environments = environmentsWith();
  const directory = model('six==1.15.0\n');
  const heard: string[] = [];
  const built = await Promise.all([1, 2, 3].map(() => prepare(environments, directory, heard)));
  expect(new Set(built.map(({ python }) => python)).size).toBe(1);
  const id = built[0]?.id ?? '';
  expect(foldersOf(cacheDir).filter((name) => name.startsWith(`${id}-`))).toHaveLength(1);
});

test.each([['uv'], ['virtualenv']] as const)(
  'with %s, a requirement that cannot be installed is named in one line, and nothing is left',
  async (manager) => {
    const failed = prepare(
      environmentsWith({ manager, cacheDir: join(root, manager) }),
      model('six==99.9\n'),
    );
    const error: unknown = await failed.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ENVIRONMENT_FAILED' });
    expect((error as Error).message).toContain('six==99.9');
    expect((error as Error).message).not.toContain('\n');
    expect(foldersOf(join(root, manager))).toEqual([]);
  },
);

test('virtualenv makes one with venv and pip', async () => {
  expect(sixOf(await prepare(environmentsWith({ manager: 'virtualenv' }), model('six==1.16.0\n')))).toBe(
    '1.16.0',
  );
});

test('local is the active Python as it is', async () => {
  const found = await prepare(environmentsWith({ manager: 'local' }), model('six==99.9\n', '3.99.0'));
  expect(found).toMatchObject({ python: active, id: 'local' });
});

test('the active Python is that of the virtual environment, else python3 on PATH', async () => {
  const bare = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const inside = environmentsWith({
    manager: 'local',
    python: null,
    env: { ...bare, VIRTUAL_ENV: join(root, 'active') },
  });
  expect((await prepare(inside, model(''))).python).toBe(active);
  const outside = environmentsWith({ manager: 'local', python: null, env: bare });
  expect((await prepare(outside, model(''))).python).toBe(
    runPython('python3', 'import sys; print(sys.executable)'),
  );
});

test.each([
  ['a Python that is named and does not answer', { python: '/nowhere/python' }],
  ['no Python anywhere', { python: null, env: { PATH: '/nowhere', HOME: '/nowhere' } }],
])('%s is PYTHON_NOT_FOUND', async (_, options) => {
  await expect(prepare(environmentsWith(options), model('six'))).rejects.toMatchObject({
    code: 'PYTHON_NOT_FOUND',
  });
});

test('without uv on PATH it is installed once into the cache', async () => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const env = { ...process.env, PATH: bin, UV_PYTHON_DOWNLOADS: 'never' };
  const heard: string[] = [];
  const environments = environmentsWith({ env, cacheDir: join(root, 'bootstrap') });
  expect(sixOf(await prepare(environments, model('six==1.16.0\n'), heard))).toBe('1.16.0');
  expect(heard).toContain('installing uv, once');
  const again: string[] = [];
  await prepare(environments, model('six==1.17.0\n'), again);
  expect(again).not.toContain('installing uv, once');
});

test('an environment whose Python is gone is built again', async () => {
  const environments = environmentsWith();
  const directory = model('six==1.14.0\n');
  const first = await prepare(environments, directory);
  rmSync(first.python);
  const second = await prepare(environments, directory);
  expect(sixOf(second)).toBe('1.14.0');
  expect(existsSync(first.python)).toBe(false);
});

test('aborting the only one who asked ends the build, and leaves nothing but what can be built again', async () => {
  const environments = environmentsWith({ cacheDir: join(root, 'aborted'), env: withUv });
  const directory = model('six==1.16.0\nidna\n');
  const leaving = new AbortController();
  const build = environments.prepare(metadata, directory, leaving.signal, () => {
    leaving.abort(new RangeError('left'));
  });
  await expect(build).rejects.toThrow('left');
  expect(foldersOf(join(root, 'aborted'))).toEqual([]);
  expect(sixOf(await prepare(environments, directory))).toBe('1.16.0');
});

describe('what an interpreter lacks', () => {
  /** Distributions that say they are installed, and nothing more. */
  function withDistributions(distributions: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(root, 'site-'));
    for (const [name, version] of Object.entries(distributions)) {
      const info = join(folder, `${name}-${version}.dist-info`);
      mkdirSync(info);
      writeFileSync(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
    }
    return folder;
  }

  const lacks = async (requirements: string, distributions = {}): Promise<readonly string[]> => {
    const recipe = await readRecipe(metadata, model(requirements));
    const env = { ...process.env, PYTHONPATH: withDistributions(distributions) };
    return unmetRequirements(active, recipe, env, never);
  };

  test.each([
    ['mlflow==3.17.2', { mlflow: '3.1.0' }],
    ['mlflow==3.17.2', { mlflow: '3.18.0.dev0' }],
    ['mlflow<4,>=3.17', { mlflow: '3.1.0' }],
    ['mlflow-skinny==3.17.2', { mlflow: '3.17.2' }],
    ['mlflow_skinny==3.17.2', { mlflow_skinny: '3.2.0' }],
    ['torch==2.13.0', { torch: '2.13.0+cpu' }],
    ['Scikit.Learn>=1', { scikit_learn: '1.7.0' }],
    ['a==1 \\\n  --hash=sha256:abc', { a: '1' }],
    ['--extra-index-url https://nowhere/simple\n# nothing\n\na~=1.2', { a: '1.4' }],
    ['a>=1', { a: '2.0rc1' }],
  ])('%s is met by %j', async (requirements, distributions) => {
    expect(await lacks(requirements, distributions)).toEqual([]);
  });

  test.each([
    ['mlflow==3.17.2', { mlflow: '2.22.0' }, 'mlflow==3.17.2 (it has 2.22.0)'],
    ['mlflow==3.17.2', { mlflow_skinny: '3.17.2' }, 'mlflow==3.17.2'],
    ['a @ https://nowhere/a.whl', { a: '1' }, 'a from https://nowhere/a.whl'],
    ['-e ./code', {}, '-e ./code'],
    ['-r missing.txt', {}, 'the file missing.txt'],
    ['./a-1-py3-none-any.whl', { a: '1' }, './a-1-py3-none-any.whl'],
  ])('%s is not met by %j', async (requirements, distributions, lack) => {
    expect(await lacks(requirements, distributions)).toEqual([lack]);
  });

  test('files that the requirements include count, constraints only for what is there', async () => {
    const directory = model('-r more.txt\n-c limits.txt\n');
    writeFileSync(join(directory, 'more.txt'), 'six==1.17.0\nmissing\n');
    writeFileSync(join(directory, 'limits.txt'), 'six<1.17\nelsewhere==1\n');
    const recipe = await readRecipe(metadata, directory);
    expect(await unmetRequirements(active, recipe, process.env, never)).toEqual([
      'missing',
      'six<1.17 (it has 1.17.0)',
    ]);
  });
});

describe('processes that share a cache', () => {
  const script = fileURLToPath(new URL('../support/prepare-environment.ts', import.meta.url));

  function start(
    directory: string,
    cache: string,
  ): { child: ChildProcess; lines: string[]; first: Promise<unknown> } {
    const child = spawn(process.execPath, [script, directory, cache], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: withUv,
    });
    started.push(child);
    const lines: string[] = [];
    const reader = createInterface(child.stdout);
    reader.on('line', (line) => lines.push(line));
    return { child, lines, first: once(reader, 'line') };
  }

  test('two at once build one environment', async () => {
    const cache = join(root, 'two');
    const directory = model('six==1.16.0\n');
    const both = [start(directory, cache), start(directory, cache)];
    await Promise.all(both.map(({ child }) => once(child, 'close')));
    const built = both.map(({ lines }) => lines.at(-1));
    expect(built[0]).toMatch(/^python=/);
    expect(built[1]).toBe(built[0]);
    const builders = both.filter(({ lines }) => lines.some((line) => line.startsWith('building')));
    expect(builders).toHaveLength(1);
  });

  test('one that crashes while it builds leaves nothing that is taken for an environment', async () => {
    const cache = join(root, 'crash');
    const directory = model('six==1.16.0\n');
    const crashing = start(directory, cache);
    await crashing.first;
    crashing.child.kill('SIGKILL');
    const left = foldersOf(cache);
    const built = await prepare(environmentsWith({ cacheDir: cache, python: null }), directory);
    expect(sixOf(built)).toBe('1.16.0');
    expect(left.filter((name) => built.python.includes(`/${name}/`))).toEqual([]);
  });
});
