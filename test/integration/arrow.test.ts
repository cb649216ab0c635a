import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { modelDirectory } from '../support/python-models.ts';
import { runProgram } from '../support/run-program.ts';
import { type Served, serve } from '../support/served.ts';

interface Answers {
  readonly arrowToJson: unknown;
  readonly arrowToArrow: { readonly types: readonly string[]; readonly rows: readonly Row[] };
  readonly jsonToJson?: unknown;
  readonly jsonToArrow?: unknown;
}
type Row = Readonly<Record<string, unknown>>;

/** pyarrow writes the requests and reads the answers. */
async function ask(url: string, rows: unknown, ...only: readonly 'arrow-only'[]): Promise<Answers> {
  const text = typeof rows === 'string' ? rows : JSON.stringify(rows);
  const args = [url, text, ...only];
  const printed = await runProgram(await pythonEnv('models'), 'arrow_client', args, tmpdir());
  return JSON.parse(printed) as Answers;
}

describe('Arrow streams of pyarrow', () => {
  let demo: Served;
  let types: Served;

  beforeAll(async () => {
    demo = await serve([], { script: 'scripts/demo.ts' });
    const python = await pythonEnv('models');
    types = await serve([
      'serve',
      '-m',
      await modelDirectory('describe_types'),
      '--env-manager',
      'local',
      '--python',
      python,
    ]);
    await Promise.all([demo.ready(), types.ready()]);
  }, 600_000);
  afterAll(async () => {
    await demo[Symbol.asyncDispose]();
    await types[Symbol.asyncDispose]();
  });

  /** The first request may have to wait for an environment to be built. */
  const loaded = async (model: string, rows: unknown): Promise<void> => {
    while ((await demo.post(`/models/${model}/serve`, rows)).status === 503) await sleep(1000);
  };

  const flower = (...names: readonly string[]): readonly Row[] =>
    [
      [5.1, 3.5, 1.4, 0.2],
      [6.3, 3.3, 6.0, 2.5],
    ].map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]])));
  const cm = ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'];

  it.each([
    ['iris_boosting', flower('sepal length', 'sepal width', 'petal length', 'petal width')],
    ['iris_sklearn', flower(...cm)],
    ['iris_classifier', flower(...cm)],
    ['translation_model', [{ prompt: 'Good morning' }, { prompt: 'The weather is lovely today' }]],
    ['question_answerer', [{ question: 'Where do you live?' }]],
  ])(
    '%s answers them as it answers JSON, on both routes',
    async (model, rows) => {
      await loaded(model, rows);
      const { arrowToJson, arrowToArrow, jsonToJson, jsonToArrow } = await ask(
        `${demo.url}/models/${model}/serve`,
        rows,
      );
      expect(arrowToJson).toEqual(jsonToJson);
      expect(arrowToArrow).toEqual(jsonToArrow);
      const objects = (jsonToJson as readonly unknown[]).map((row) =>
        typeof row === 'object' && !Array.isArray(row) ? row : { 0: row },
      );
      expect(near(arrowToArrow.rows)).toEqual(near(objects));
      const invoked = await fetch(`${demo.url}/models/${model}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ dataframe_records: rows }),
      });
      const mlflow = await ask(`${demo.url}/models/${model}/invocations`, rows, 'arrow-only');
      expect(mlflow.arrowToJson).toEqual(await invoked.json());
      expect(mlflow.arrowToArrow.rows.length).toBe(rows.length);
    },
    600_000,
  );

  it('every type arrives at a model in Python as it does from JSON', async () => {
    const b64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
    const when = '2024-01-02T03:04:05.123456Z';
    const object = { i: 1, l: 5, f: 0.5, d: 2, b: b64(1, 0), t: when, o: null };
    const rows = `[${[
      `{"boolean":true,"integer":-2147483648,"long":9007199254740993,"float":0.1,"double":0.1,"string":"Zürich 😀",
        "binary":"${b64(0, 255, 0)}","datetime":"2024-01-02T03:04:05.123456789Z","integers":[1,2],"floats":[0.5,2],
        "datetimes":["${when}"],"object":${JSON.stringify(object)},"map":{"a":[1,2.5]},"any":[1,"x",null,{"k":true}]}`,
      `{"boolean":false,"integer":5,"long":-9223372036854775808,"float":null,"double":"-Infinity","string":"",
        "binary":"","datetime":"1970-01-01T00:00:00Z","integers":[3],"floats":[1],
        "datetimes":["${when}"],"object":${JSON.stringify(object)},"map":{"b":[3]},"any":"free"}`,
    ].join(',')}]`;
    const { arrowToJson } = await ask(`${types.url}/serve`, 'every-type');
    const response = await types.post('/serve', rows);
    expect(response.status).toBe(200);
    expect(arrowToJson).toEqual(await response.json());
  }, 600_000);
});

/** A 32-bit float as a double, beside the shortest decimal that stands for it. */
function near(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isInteger(value)) return Math.fround(value);
  if (Array.isArray(value)) return value.map(near);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, near(item)]));
}
