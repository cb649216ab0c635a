import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonModel, writeModel } from '../support/folder-models.ts';
import { findUv, pythonEnv } from '../support/python-env.ts';
import { freePort } from '../support/server-process.ts';
import { countersign, serve, type ServedOptions } from '../support/served.ts';

const root = resolve(import.meta.dirname, '../..');
const examples = [
  ...['--tracking-uri', `sqlite:///${root}/examples/registry/mlflow.db`],
  ...['--artifacts-destination', `${root}/examples/registry/artifacts`],
];
const scratch = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
const registry = join(scratch, 'registry');
const columns = { inputs: { ask: 'string' }, outputs: { answer: 'string' } };
const python = pythonModel('return model_input');

beforeAll(async () => {
  await writeModel(registry, 'rounds', '1', {
    inputs: { n: 'long' },
    outputs: { n_out: 'long' },
    onnx: 'slow',
  });
  await writeModel(registry, 'gone', '1', { inputs: { n: 'long' }, onnx: 'slow' });
  rmSync(join(registry, 'gone/1/slow.onnx'));
  await writeModel(registry, 'garbled', '1', { ...columns, python });
  writeFileSync(join(registry, 'garbled/1/MLmodel'), 'flavors: {unclosed');
  await writeModel(registry, 'wishful', '1', {
    ...columns,
    python,
    requirements: ['no-such-thing-anywhere==1.0'],
  });
  await writeModel(registry, 'two', '1', { ...columns, python });
  await writeModel(registry, 'two', '2', { ...columns, inputs: { other: 'string' }, python });
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  /** What went wrong, without `countersign: `. */
  readonly line: string;
  /** What to do. */
  readonly hint: string;
}

/** Runs a command that fails: one line says what happened, one what to do, and there is no stack trace. */
async function failing(args: readonly string[], options: ServedOptions = {}): Promise<Ended> {
  const { code, stderr } = await countersign(args, { cwd: scratch, ...options });
  expect(stderr).not.toMatch(/(^|\\n)\s+at .+:\d+|Traceback/m);
  // The log, one JSON object a line, may stand before it.
  const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(said.map((line) => /^(countersign: | {2})/.exec(line)?.[0])).toEqual(['countersign: ', '  ']);
  const [line = '', hint = ''] = said;
  return { code, line: line.replace('countersign: ', ''), hint: hint.trim() };
}

const folder = ['--tracking-uri', registry, '--port', '0'];

describe('when things are wrong, one line says what and one says what to do', () => {
  it('a port in use: exit 5', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const ended = await failing(['serve', 'rounds', '--tracking-uri', registry, '--port', port]);
    taken.close();
    expect(ended).toMatchObject({ code: 5, line: `127.0.0.1:${port} is already in use.` });
    expect(ended.hint).toContain('--port');
  });

  it.each([[['rounds']], [[]]])('a registry that is down, serving %j: exit 3', async (names) => {
    const uri = `http://127.0.0.1:${String(await freePort())}`;
    const ended = await failing(['serve', ...names, '--tracking-uri', uri, '--port', '0']);
    expect(ended.code).toBe(3);
    expect(ended.line).toContain(`The registry ${uri} cannot be reached`);
    expect(ended.hint).toContain('MLFLOW_TRACKING_URI');
  });

  it('a store that is not there: exit 3', async () => {
    const ended = await failing(['models', '--tracking-uri', `sqlite:///${scratch}/nowhere.db`]);
    expect(ended).toMatchObject({
      code: 3,
      line: expect.stringContaining('there is no such file') as string,
    });
  });

  it.each([
    ['serve', 'round'],
    ['models', 'round'],
    ['lock', 'round'],
  ])('%s of a model that does not exist, naming those that do: exit 3', async (...args) => {
    const ended = await failing([...args, ...folder.slice(0, args[0] === 'serve' ? 4 : 2)]);
    expect(ended.code).toBe(3);
    expect(ended.line).toBe("There is no model 'round'; there are: garbled, gone, rounds, two, wishful.");
  });

  it('a version that does not exist, naming those that do: exit 3', async () => {
    for (const args of [
      ['-m', 'models:/two/9'],
      ['two', '--default-version', '9'],
    ]) {
      const ended = await failing(['serve', ...args, ...folder]);
      expect(ended).toMatchObject({ code: 3, line: "Model 'two' has no version 9; it has: 2, 1." });
    }
  });

  it.each([
    ['garbled', 'it is not YAML'],
    ['gone', 'it has no file slow.onnx'],
  ])('a broken artifact (%s): exit 4', async (name, reason) => {
    const ended = await failing(['serve', name, ...folder]);
    expect(ended).toMatchObject({ code: 4, line: expect.stringContaining(reason) as string });
  });

  it('a folder without an MLmodel: exit 4', async () => {
    const ended = await failing(['serve', '-m', scratch, '--port', '0']);
    expect(ended).toMatchObject({ code: 4, line: expect.stringContaining('MLmodel') as string });
  });

  it('a requirement that cannot be installed: exit 4', async () => {
    // uv itself is there: without an index it could not be had.
    const PATH = [dirname(await findUv()), process.env['PATH']].join(delimiter);
    const ended = await failing(['serve', 'wishful', ...folder], { env: { PIP_NO_INDEX: '1', PATH } });
    expect(ended.code).toBe(4);
    expect(ended.line).toContain('no-such-thing-anywhere');
    expect(ended.hint).toContain('Correct the requirements');
  });

  it('no Python: exit 4', async () => {
    const ended = await failing(['serve', 'two', ...folder], {
      env: { PATH: scratch, VIRTUAL_ENV: undefined },
    });
    expect(ended.code).toBe(4);
    expect(ended.line).toContain('No Python was found');
    expect(ended.hint).toContain('--python');
  });

  const old = oldNode();
  it.skipIf(old === null)('an old Node (skipped where PATH has none older than 24): exit 1', () => {
    const run = (): string =>
      execFileSync(old ?? '', ['bin/countersign.js', 'serve'], { encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(expect.objectContaining({ status: 1 }));
    const { stderr } = attempt(run);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/^countersign: it needs Node\.js 24 or newer; this is \d/);
  });

  it.each([
    [['serve', '--prot', '1'], "unknown option '--prot'; did you mean --port?"],
    [['srve'], "unknown command 'srve'; did you mean serve?"],
    [['serve', '--port', 'http'], "--port: expected a whole number of at least 0, got 'http'."],
    [['serve', '--engine', 'tensorrt'], "--engine: expected one of auto, onnx, python, ray, got 'tensorrt'."],
    [['serve', '--env-manager', 'conda'], '--env-manager: conda environments are not made'],
    [['serve', 'a', '-m', 'models:/a/1'], '--model-uri: it takes the place of NAME'],
    [['serve', 'rounds', '--default-version', '1.5', ...folder], "The version selector '1.5' is none."],
    [['serve', '--config', 'nowhere.yaml'], 'nowhere.yaml: cannot be read'],
    [['diff', 'models:/two'], "missing required argument 'B'"],
    [['diff', 'models:/two', 'models:/two/1', '--tracking-uri', registry], 'names no version'],
  ])('%j: exit 2', async (args, line) => {
    const ended = await failing(args);
    expect(ended).toMatchObject({ code: 2, line: expect.stringContaining(line) as string });
  });

  it('a typo in the config file names the nearest option: exit 2', async () => {
    const file = join(scratch, 'typo.yaml');
    writeFileSync(file, 'tracking-url: x\n');
    const ended = await failing(['serve', '--config', file]);
    expect(ended).toMatchObject({
      code: 2,
      line: expect.stringContaining('did you mean trackingUri?') as string,
    });
  });

  it('of several models the broken ones are told of, and the others serve', async () => {
    await using served = await serve(['serve', 'garbled', 'rounds', 'gone', '--tracking-uri', registry], {
      cwd: scratch,
    });
    await expect.poll(() => served.stderr(), { timeout: 30_000 }).toMatch(/(not served[\s\S]*){2}/);
    const answer = await served.post('/models/rounds/serve', { n: 1 });
    expect(await answer.json()).toEqual([{ n_out: 1 }]);
    const broken = await served.post('/models/gone/serve', { n: 1 });
    expect(broken.status).toBe(503);
    const readiness = await served.get('/readyz');
    expect(readiness.status).toBe(503);
    expect(await readiness.text()).toContain('garbled');
    expect(await served.stop()).toEqual({ code: 0, signal: null });
  });

  it('a registry with broken models is served whole', async () => {
    await using served = await serve(['serve', '--tracking-uri', registry], { cwd: scratch });
    await served.ready();
    await expect.poll(() => served.stderr(), { timeout: 30_000 }).toContain('# garbled: it cannot be read');
    const view = (await (await served.get('/models')).json()) as {
      models: { name: string; error?: { code: string } }[];
    };
    expect(view.models.map(({ name, error }) => [name, error?.code])).toContainEqual([
      'garbled',
      'VERSION_LOAD_FAILED',
    ]);
    expect((await served.post('/models/rounds/serve', { n: 1 })).status).toBe(200);
  });
});

/** The first Node.js on PATH that is too old. */
function oldNode(): string | null {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'node'));
  const isOld = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
      return Number(/^v(\d+)/.exec(version)?.[1]) < 24;
    } catch {
      return false;
    }
  };
  return candidates.find(isOld) ?? null;
}

function attempt(run: () => unknown): { stderr: string } {
  try {
    run();
  } catch (error) {
    return error as { stderr: string };
  }
  return { stderr: '' };
}

describe('help', () => {
  it.each([
    [['--help']],
    [['-h']],
    [['serve', '--help']],
    [['serve', '-h']],
    [['diff', '-h']],
    [['models', '--help']],
  ])('%j goes to standard output and exits 0', async (args) => {
    const { code, stdout, stderr } = await countersign(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: countersign /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("takes -h with a value for MLflow's host", async () => {
    await using served = await serve(['serve', 'rounds', '-h', 'localhost', '--tracking-uri', registry]);
    expect(served.url).toMatch(/^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):\d+$/);
  });

  it('has every flag of the design under a heading', async () => {
    const { stdout } = await countersign(['serve', '--help']);
    const flags = [
      ...[
        '-m, --model-uri',
        '--default-version',
        '--contract',
        '--default-model',
        '--tracking-uri',
        '--registry-uri',
      ],
      ...[
        '--artifacts-destination',
        '-h, --host',
        '-p, --port',
        '--env-manager',
        '--python',
        '-w, --workers',
      ],
      ...[
        '-t, --timeout',
        '--max-versions',
        '--max-loaded',
        '--max-batch-rows',
        '--batching',
        '--drain-timeout',
      ],
      ...[
        '--cache-dir',
        '--compatibility',
        '--engine',
        '--onnx-isolation',
        '--unknown-fields',
        '--output-check',
      ],
      ...['--max-body', '--config', '--no-batching'],
    ];
    for (const flag of flags) expect(stdout).toContain(flag);
    expect(stdout).toContain('\nRegistry and cache:\n');
  });

  it('tells the version of the package', async () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await countersign(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  });
});

describe('countersign serve', () => {
  it('writes one line to standard output, and to standard error what to type next', async () => {
    await using served = await serve(['serve', 'rounds', '--tracking-uri', registry]);
    await served.ready();
    await expect.poll(() => served.stderr(), { timeout: 20_000 }).toContain('Try:');
    expect(served.stdout()).toBe(`Listening on ${served.url}\n`);
    const line = /^ +(curl .*)$/m.exec(served.stderr())?.[1] ?? '';
    expect(execFileSync('bash', ['-c', line], { encoding: 'utf8', timeout: 60_000 })).toBe('[{"n_out":1}]');
  });

  it.each([
    ['yaml', 'trackingUri: REGISTRY\nport: 0\nmodels:\n  two:\n    defaultVersion: "1"\n'],
    ['json', '{"trackingUri": "REGISTRY", "port": 0, "models": {"two": {"defaultVersion": 1}}}'],
    [
      'ts',
      'const registry: string = "REGISTRY";\nexport default { trackingUri: registry, models: { two: { defaultVersion: "1" } } };',
    ],
  ])('finds countersign.config.%s in the working directory', async (extension, content) => {
    const cwd = mkdtempSync(join(scratch, 'config-'));
    writeFileSync(join(cwd, `countersign.config.${extension}`), content.replace('REGISTRY', registry));
    await using served = await serve(['serve'], { cwd });
    expect(await (await served.get('/models/two')).json()).toMatchObject({ default: '1' });
  });
});

describe('countersign models', () => {
  it('lists versions, aliases, flavors and signatures in columns', async () => {
    const { code, stdout } = await countersign(['models', ...examples]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^MODEL +VERSION +ALIASES +FLAVORS +SIGNATURE$/);
    expect(lines).toHaveLength(9);
    expect(stdout).toMatch(
      /^translation_model +1 +@production +python_function +prompt: string -> translation_text: string$/m,
    );
    expect(stdout).toMatch(/^iris_sklearn .* -> int64 tensor of shape \[-1\]$/m);
  });

  it('lists only what is named, as JSON with the signature in the grammar of MLflow', async () => {
    const { stdout } = await countersign(['models', 'question_answerer', '--json', ...examples]);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        model: 'question_answerer',
        version: '1',
        aliases: ['production'],
        flavors: ['python_function'],
        schema: expect.objectContaining({
          inputs: [{ type: 'string', name: 'question', required: true }],
        }) as object,
      }),
    ]);
  });

  it('lists a version whose MLmodel cannot be read with the reason', async () => {
    const { code, stdout } = await countersign(['models', '--tracking-uri', registry]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^garbled +1 .*unreadable: .*not YAML/m);
    expect(stdout).toMatch(/^rounds +1 .*n: long -> n_out: long$/m);
  });

  it.skipIf(!existsSync('/usr/bin/script')).each([80, 120])('fits a terminal of %i columns', (width) => {
    const command = [process.execPath, 'bin/countersign.js', 'models', ...examples].join(' ');
    const inTerminal = `stty cols ${String(width)}; exec ${command}`;
    const output = execFileSync('/usr/bin/script', ['-qec', inTerminal, '/dev/null'], {
      cwd: root,
      encoding: 'utf8',
    });
    const lines = output.replaceAll('\r', '').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(9);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(output.replaceAll(/\s+/g, ' ')).toContain('prompt: string -> translation_text: string');
  });
});

describe('countersign diff', () => {
  const translation = (version: string): string => `models:/translation_model/${version}`;

  it('shows what would break callers, and exits 6', async () => {
    const { code, stdout, stderr } = await countersign([
      'diff',
      translation('1'),
      translation('3'),
      ...examples,
    ]);
    expect([code, stderr]).toEqual([6, '']);
    expect(stdout).toMatch(/^BREAKS +\/inputs\/prompt +input_removed /m);
    expect(stdout).toMatch(/^BREAKS +\/inputs\/text_to_translate +input_added_required /m);
    expect(stdout).toContain(`${translation('3')} is incompatible with ${translation('1')}.`);
  });

  it('exits 0 for versions that callers cannot tell apart', async () => {
    expect(await countersign(['diff', translation('1'), translation('2'), ...examples])).toMatchObject({
      code: 0,
      stdout: `${translation('2')} is identical with ${translation('1')}.\n`,
    });
  });

  it('compares folders, as JSON', async () => {
    const folders = ['1', '2'].map((version) => join(registry, 'two', version));
    const { code, stdout } = await countersign(['diff', '--json', ...folders]);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'incompatible',
      differences: [
        { path: '/inputs/ask', kind: 'input_removed', breaking: true },
        { path: '/inputs/other', kind: 'input_added_required', breaking: true },
      ],
    });
  });

  it('knows aliases', async () => {
    const aliases = ['production', 'candidate'].map((alias) => `models:/translation_model@${alias}`);
    expect((await countersign(['diff', ...aliases, ...examples])).code).toBe(6);
  });
});

describe('countersign lock', () => {
  it('writes a contract that serve holds to', async () => {
    const file = join(scratch, 'two.contract.json');
    const locked = await countersign(['lock', 'two', '--default-version', '1', '--tracking-uri', registry], {
      cwd: scratch,
    });
    expect(locked).toMatchObject({
      code: 0,
      stdout: 'two.contract.json: version 1 (asked for): ask: string -> answer: string\n',
    });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ model: 'two', version: '1' });
    const local = ['--env-manager', 'local', '--python', await pythonEnv('mlflow3')];
    await using served = await serve([
      'serve',
      'two',
      '--contract',
      file,
      '--tracking-uri',
      registry,
      ...local,
    ]);
    await served.ready();
    expect(await (await served.get('/models/two/contract')).json()).toMatchObject({ version: '1' });
    expect((await served.post('/serve', { ask: 'x' }, '2')).status).toBe(409);
  });

  it('ends a start with exit 6 when the default would break it', async () => {
    const file = join(scratch, 'two.contract.json');
    const args = ['serve', 'two', '--contract', file, '--default-version', '2', ...folder];
    const ended = await failing(args);
    expect(ended.code).toBe(6);
    expect(ended.line).toMatch(/^Version 2 of 'two', the default, would break callers: input `ask` is gone/);
  });
});
