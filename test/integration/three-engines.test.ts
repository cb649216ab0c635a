import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { countersign, serve, type Served } from '../support/served.ts';

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const registry = resolve(import.meta.dirname, '../../examples/registry');
const flags = [
  ...['--tracking-uri', `sqlite:///${registry}/mlflow.db`],
  ...['--artifacts-destination', `${registry}/artifacts`],
];

/** Engines are settings of the members: the graph says nothing of them. */
const config = `
models:
  iris_classifier: { engine: onnx }
  iris_sklearn: { engine: python }
  iris_boosting: { engine: ray }
graphs:
  species:
    ensemble:
      combine: vote
      output: label
      members:
        - { model: iris_classifier, field: label }
        - { model: iris_sklearn, labels: [setosa, versicolor, virginica] }
        - model: iris_boosting
          input:
            sepal length: sepal length (cm)
            sepal width: sepal width (cm)
            petal length: petal length (cm)
            petal width: petal width (cm)
  all_three:
    ensemble:
      combine: concat
      members:
        - { model: iris_classifier, field: label }
        - iris_sklearn
        - model: iris_boosting
          input:
            sepal length: sepal length (cm)
            sepal width: sepal width (cm)
            petal length: petal length (cm)
            petal width: petal width (cm)
`;
const names = ['setosa', 'versicolor', 'virginica'];
const rows = [
  [5.1, 3.5, 1.4, 0.2],
  [5.9, 3.2, 4.8, 1.8],
  [6.7, 3, 5.2, 2.3],
].map(([length, width, petal, petalWidth]) => ({
  'sepal length (cm)': length,
  'sepal width (cm)': width,
  'petal length (cm)': petal,
  'petal width (cm)': petalWidth,
}));

interface All {
  readonly label: string;
  readonly iris_sklearn: number;
  readonly result: string;
}

describe.skipIf(!slow)('one graph over three engines (set COUNTERSIGN_SLOW_TESTS=1)', () => {
  let cluster: RayCluster;
  let directory: string;
  let served: Served;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'three-engines-'));
    await writeFile(join(directory, 'countersign.config.yaml'), config);
    cluster = await startRayCluster();
    served = await serve(['serve', 'species', 'all_three', ...flags], { cwd: directory, env: cluster.env });
    await served.ready();
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await countersign(['undeploy', 'iris_boosting'], { env: cluster.env });
    await cluster[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  test('asks each member where it runs, once for all the rows, and combines what they answer', async () => {
    const response = await served.post('/models/all_three/serve', rows);
    const all = (await response.json()) as readonly All[];
    expect(response.status, JSON.stringify(all)).toBe(200);
    expect(response.headers.get('countersign-member-versions')?.split(', ').sort()).toEqual([
      'iris_boosting=1',
      'iris_classifier=1',
      'iris_sklearn=1',
    ]);
    for (const member of ['iris_classifier', 'iris_sklearn', 'iris_boosting'])
      expect(response.headers.get('server-timing')).toContain(`member-${member};dur=`);
    const vote = (await (await served.post('/models/species/serve', rows)).json()) as readonly object[];
    expect(vote).toEqual(
      all.map(({ label, iris_sklearn, result }) => {
        const number = names[iris_sklearn];
        return { label: number === result ? result : label };
      }),
    );
    const metrics = await (await served.get('/metrics')).text();
    for (const member of ['iris_classifier', 'iris_sklearn', 'iris_boosting']) {
      expect(metrics).toContain(
        `countersign_member_duration_seconds_count{model="all_three",member="${member}",outcome="answered"} 1`,
      );
    }
  });

  test('each member ran on the engine of its own settings', () => {
    const log = served.stderr();
    for (const [model, engine] of [
      ['iris_classifier', 'onnx'],
      ['iris_sklearn', 'python'],
      ['iris_boosting', 'ray'],
    ])
      expect(log).toMatch(new RegExp(`"model":"${model ?? ''}".*"engine":"${engine ?? ''}".*"msg":"ready"`));
  });

  test('a member’s own error comes through from the cluster, saying whose it is', async () => {
    const response = await fetch(`${served.url}/models/species/serve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'countersign-member-versions': 'iris_boosting=99' },
      body: JSON.stringify(rows[0]),
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'VERSION_NOT_FOUND',
      member: { graph: 'species', member: 'iris_boosting', model: 'iris_boosting' },
    });
  });
});
