import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { serve } from '../support/served.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'countersign-package-'));
const source = join(scratch, 'source');
const app = join(scratch, 'app');
const installed = join(app, 'node_modules', 'countersign');
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

// npm runs with the Node of the tests, whatever PATH says.
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };
const tool = (name: string): string => join(root, 'node_modules', '.bin', name);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed = { filename: '', files: [] };

/** Builds from the sources as they are, beside the checkout's own dist. */
async function pack(): Promise<Packed> {
  mkdirSync(source);
  for (const part of ['package.json', 'README.md', 'bin', 'python']) {
    cpSync(join(root, part), join(source, part), { recursive: true });
  }
  await run(tool('tsc'), ['-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], { cwd: root });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: source, env });
  const [only] = JSON.parse(stdout) as [Packed];
  return only;
}

describe.skipIf(process.env['COUNTERSIGN_SLOW_TESTS'] !== '1')('the package', () => {
  beforeAll(async () => {
    packed = await pack();
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}');
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await run('npm', ['install', ...quiet, join(source, packed.filename)], { cwd: app, env });
  }, 600_000);

  const paths = (): readonly string[] => packed.files.map(({ path }) => path);

  it('holds the built code, the Python host and the command, and no tests or sources', () => {
    expect(paths()).toEqual(
      expect.arrayContaining([
        'bin/countersign.js',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/engine/onnx/thread-entry.js',
        'dist/engine/onnx/process-entry.js',
        'dist/engine/onnx/watchdog-entry.js',
        'python/countersign_host/check_requirements.py',
        'python/countersign_host/worker.py',
      ]),
    );
    const strange = paths().filter(
      (path) =>
        /test|\.pyc$|\.py\.|(^|\/)src\//.test(path) || (path.endsWith('.ts') && !path.endsWith('.d.ts')),
    );
    expect(strange).toEqual([]);
    expect(new Set(paths().map((path) => path.split('/')[0]))).toEqual(
      new Set(['bin', 'dist', 'python', 'package.json', 'README.md']),
    );
  });

  it('pleases publint', async () => {
    const { stdout } = await run(tool('publint'), ['run', '--strict', '--pack', 'false', source], {
      cwd: source,
      env,
    });
    expect(stdout).toContain('All good!');
  });

  it('runs its command: version and help', async () => {
    const command = join(app, 'node_modules', '.bin', 'countersign');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await run(command, ['--version'], { cwd: app, env })).stdout).toBe(`${version}\n`);
    expect((await run(command, ['serve', '--help'], { cwd: app, env })).stdout).toContain(
      'Usage: countersign serve',
    );
  });

  it.each(['thread', 'process'])(
    'serves an ONNX model of the example registry in a %s',
    async (isolation) => {
      await using served = await serve(
        [
          ...['serve', 'iris_classifier', '--onnx-isolation', isolation],
          ...['--tracking-uri', `sqlite:///${root}/examples/registry/mlflow.db`],
          ...['--artifacts-destination', `${root}/examples/registry/artifacts`],
        ],
        { script: join(installed, 'bin', 'countersign.js'), cwd: app },
      );
      await served.ready();
      const flower = {
        'sepal length (cm)': 5.1,
        'sepal width (cm)': 3.5,
        'petal length (cm)': 1.4,
        'petal width (cm)': 0.2,
      };
      expect(await (await served.post('/serve', flower)).json()).toMatchObject([{ label: 'setosa' }]);
      expect((await served.get('/docs')).status).toBe(200);
      expect(await served.stop()).toEqual({ code: 0, signal: null });
    },
  );

  it('can be imported, and its types hold', async () => {
    const program = `import { CountersignError, deploymentFromModelName } from 'countersign';
const failed: unknown = await deploymentFromModelName('x', { trackingUri: 'sqlite:////nowhere.db', logLevel: 'error' }).catch((e: unknown) => e);
if (!(failed instanceof CountersignError)) throw failed;
const code: 'REGISTRY_UNREACHABLE' | 'INTERNAL' = failed.code === 'REGISTRY_UNREACHABLE' ? failed.code : 'INTERNAL';
console.log(code);
// @ts-expect-error no such option
void (() => deploymentFromModelName('x', { prot: 1 }));
`;
    writeFileSync(join(app, 'program.ts'), program);
    const types = [
      '--noEmit',
      '--strict',
      '--target',
      'es2024',
      '--module',
      'nodenext',
      '--lib',
      'es2024,esnext.disposable,dom',
    ];
    const typeRoots = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
    await run(tool('tsc'), [...types, ...typeRoots, 'program.ts'], { cwd: app });
    const { stdout } = await run(process.execPath, ['program.ts'], { cwd: app, env });
    expect(stdout).toBe('REGISTRY_UNREACHABLE\n');
  });
});
