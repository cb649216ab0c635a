import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { runProgram } from '../support/run-program.ts';
import { countersign, type Served, serve } from '../support/served.ts';

/** Clients and models that nobody wrote for us: MLflow's own, and what its documentation shows. */
describe('what was made for `mlflow models serve`', () => {
  let directory: string;
  let python: string;
  let trackingUri: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mlflow-clients-'));
    trackingUri = `sqlite:///${join(directory, 'mlflow.db')}`;
    python = await pythonEnv('conformance');
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  /** As a user of MLflow types it, with MLflow's own variables. */
  const serveUri = (uri: string, env: Readonly<Record<string, string>> = {}): Promise<Served> =>
    serve(['serve', '-m', uri, '--env-manager', 'local', '--python', python], {
      cwd: directory,
      env: { MLFLOW_TRACKING_URI: trackingUri, ...env },
    });

  it('has flags and variables that docs/mlflow-compatibility.md tells of', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/mlflow-compatibility.md'), 'utf8');
    const [, table = ''] = /## Flags and variables([^]*?)\n## /.exec(page) ?? [];
    const names = JSON.parse(await runProgram(python, 'cli_flags', [], directory)) as readonly string[];
    expect(names).toContain('--model-uri');
    expect(names.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  });

  describe('the way from training to production', () => {
    let predicted: unknown;
    let served: Served;

    beforeAll(async () => {
      predicted = JSON.parse(await runProgram(python, 'train_iris', [trackingUri], directory));
      served = await serveUri('models:/iris_classifier@production');
      await served.ready();
    });
    afterAll(async () => {
      await served[Symbol.asyncDispose]();
    });

    it('ends in predictions over HTTP', async () => {
      const columns = ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'];
      const data = [
        [6.1, 2.8, 4.7, 1.2],
        [5.7, 3.8, 1.7, 0.3],
        [7.7, 2.6, 6.9, 2.3],
        [6.0, 2.9, 4.5, 1.5],
        [6.8, 2.8, 4.8, 1.4],
      ];
      const answer = await served.post('/invocations', { dataframe_split: { columns, data } });
      expect(await answer.json()).toEqual({ predictions: predicted });
    });

    it('answers /ping, /health and /version as MLflow does', async () => {
      const paths = ['/ping', '/health', '/version'];
      const [ping, health, version] = await Promise.all(paths.map((path) => served.get(path)));
      expect([ping?.status, await ping?.text()]).toEqual([200, '\n']);
      expect([health?.status, await health?.text()]).toEqual([200, '\n']);
      expect([version?.status, await version?.text()]).toEqual([200, '3.17.2']);
    });

    it('is understood by the client of MLflow', async () => {
      const { port } = new URL(served.url);
      const answers: unknown = JSON.parse(await runProgram(python, 'score', ['127.0.0.1', port], directory));
      expect(answers).toEqual({
        version: '3.17.2',
        frame: [0, 2],
        params: [0, 2],
        refusal: expect.stringMatching(/error code 400.*INVALID_PARAMETER_VALUE/) as unknown,
      });
    });

    it('is told by `predict` as by the server', async () => {
      const input = join(directory, 'in.csv');
      const output = join(directory, 'out.json');
      const header = 'sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)';
      await writeFile(input, `${header}\n6.1,2.8,4.7,1.2\n5.7,3.8,1.7,0.3\n`);
      const files = ['-i', input, '-o', output, '-t', 'csv'];
      const uri = ['-m', 'models:/iris_classifier@production', '--no-conda', '--python', python];
      const env = { MLFLOW_TRACKING_URI: trackingUri };
      expect(await countersign(['predict', ...uri, ...files], { cwd: directory, env })).toMatchObject({
        code: 0,
      });
      expect(JSON.parse(await readFile(output, 'utf8'))).toEqual({ predictions: [1, 0] });
    });
  });

  describe('a custom ensemble', () => {
    let expected: { readonly 'as logged': number[]; readonly 'first alone': number[] };
    const body = { inputs: { f1: [0, 1, 2, 3], f2: [1, 0.5, -1, 4] } };

    beforeAll(async () => {
      const printed = await runProgram(python, 'log_ensemble', [trackingUri, directory], directory);
      expected = JSON.parse(printed) as typeof expected;
    });

    it('serves as it was logged, with the weights of its configuration', async () => {
      await using served = await serveUri('models:/ensemble/1');
      const answer = await served.post('/invocations', body);
      expect(await answer.json()).toEqual({ predictions: expected['as logged'] });
      const rows = await served.post('/serve', { f1: 0, f2: 1 });
      expect(await rows.json()).toEqual([expected['as logged'][0]]);
    });

    it('takes other weights from SERVING_MODEL_CONFIG', async () => {
      await using served = await serveUri('models:/ensemble/1', {
        SERVING_MODEL_CONFIG: '{"weights": [1.0, 0.0]}',
      });
      const answer = await served.post('/invocations', body);
      expect(await answer.json()).toEqual({ predictions: expected['first alone'] });
    });
  });
});
