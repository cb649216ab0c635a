import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { countersign, type Served, serve } from '../support/served.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'countersign-composition-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const examples = resolve(import.meta.dirname, '../../examples');
const registry = [
  '--tracking-uri',
  `sqlite:///${examples}/registry/mlflow.db`,
  '--artifacts-destination',
  `${examples}/registry/artifacts`,
];
/** Whoever asks first waits for the environments of the members. */
const patient = ['--timeout', '280'];
const iris = (...values: readonly number[]): Readonly<Record<string, number | undefined>> => ({
  'sepal length (cm)': values[0],
  'sepal width (cm)': values[1],
  'petal length (cm)': values[2],
  'petal width (cm)': values[3],
});
const setosa = iris(5.1, 3.5, 1.4, 0.2);
const doubtful = iris(5.9, 3.2, 4.8, 1.8);

async function json(response: Response): Promise<unknown> {
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

describe('the example folder over the example registry', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(['serve', ...registry, ...patient], { cwd: join(examples, 'composed') });
    await served.ready();
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  it('sends a sure answer on to the second model, and says which were used and the score', async () => {
    const sure = await served.post('/models/conditional/serve', { question: 'Where do you live?' });
    const [answer] = (await json(sure)) as { models_used: string[]; score: number; text: string }[];
    const used =
      answer?.score !== undefined && answer.score > 0.5 ? ['model_one', 'model_two'] : ['model_one'];
    expect(answer?.models_used).toEqual(used);
    expect(sure.headers.get('countersign-member-versions')).toBe(used.map((name) => `${name}=1`).join(', '));
    expect(sure.headers.get('server-timing')).toMatch(/member-model_one;dur=\d/);
  });

  it('answers the same where the condition is written without code', async () => {
    await using forms = await serve(
      ['serve', 'conditional', ...registry, ...patient, '--config', 'forms.yaml'],
      {
        cwd: join(examples, 'composed'),
      },
    );
    await forms.ready();
    const questions = ['Where do you live?', 'Who are you?', 'What?', 'x', 'How old is the house?'];
    const rows = questions.map((question) => ({ question }));
    const [form, code] = await Promise.all([
      json(await forms.post('/models/conditional/serve', rows)),
      json(await served.post('/models/conditional/serve', rows)),
    ]);
    expect(form).toEqual(code);
    const used = (form as { models_used: string[] }[]).map(({ models_used }) => models_used.length);
    expect(new Set(used), JSON.stringify(form)).toEqual(new Set([1, 2]));
  });

  it('asks the expert in Python only where the ONNX gate doubts', async () => {
    const rows = (await json(await served.post('/models/iris_with_care/serve', [setosa, doubtful]))) as {
      label: string;
      certainty: number;
      asked: string[];
    }[];
    expect(rows[0]).toMatchObject({ label: 'setosa', asked: ['gate'] });
    for (const { certainty, asked } of rows) {
      expect(asked).toEqual(certainty >= 0.95 ? ['gate'] : ['gate', 'expert']);
    }
  });

  it('votes as its members would, asked one by one', async () => {
    const rows = [setosa, doubtful, iris(6.7, 3, 5.2, 2.3)];
    const vote = await json(await served.post('/models/iris_vote/serve', rows));
    const onnx = (await json(await served.post('/models/iris_classifier/serve', rows))) as {
      label: string;
    }[];
    const numbers = (await json(await served.post('/models/iris_sklearn/serve', rows))) as number[];
    const names = ['setosa', 'versicolor', 'virginica'];
    const plain = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(' (cm)', ''), value])),
    );
    const boosted = (await json(await served.post('/models/iris_boosting/serve', plain))) as {
      result: string;
    }[];
    const expected = rows.map((_, row) => {
      const first = onnx[row]?.label ?? '';
      const [second, third] = [boosted[row]?.result, names[numbers[row] ?? -1]];
      return { label: second === third ? second : first };
    });
    expect(vote).toEqual(expected);
  });

  it('lets the caller choose the version of a member, and refuses what is not there', async () => {
    const ask = (versions: string): Promise<Response> =>
      fetch(`${served.url}/models/iris_vote/serve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'countersign-member-versions': versions },
        body: JSON.stringify(setosa),
      });
    const chosen = await ask('iris_classifier=@candidate');
    expect(chosen.headers.get('countersign-member-versions')).toContain('iris_classifier=2');
    const unknown = await ask('iris_clasifier=2');
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ code: 'UNKNOWN_MEMBER' });
    const missing = await ask('iris_classifier=9');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({
      code: 'VERSION_NOT_FOUND',
      member: { graph: 'iris_vote', member: 'iris_classifier' },
    });
  });

  it('answers MLflow’s protocol, with what the pipeline put together', async () => {
    const body = { dataframe_split: { columns: ['question'], data: [['Where do you live?']] } };
    const { predictions } = (await json(await served.post('/models/answer_in_french/invocations', body))) as {
      predictions: { text: string; original: string; score: number }[];
    };
    expect(predictions[0]).toMatchObject({ original: 'North Carolina' });
    expect(predictions[0]?.text).not.toBe('');
  });

  it('is listed, documented and measured like any model', async () => {
    const { models } = (await json(await served.get('/models'))) as { models: { name: string }[] };
    expect(models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['conditional', 'iris_vote', 'iris_sklearn']),
    );
    for (const path of ['/openapi.json', '/models/conditional/openapi.json']) {
      const document = (await json(await served.get(path))) as Record<string, unknown>;
      const { valid, errors } = await new Validator().validate(document);
      expect(valid, JSON.stringify(errors)).toBe(true);
    }
    expect((await served.get('/models/conditional/docs')).status).toBe(200);
    const { versions } = (await json(await served.get('/models/conditional/versions'))) as {
      versions: object[];
    };
    expect(versions).toMatchObject([{ version: '1', engine: 'graph', state: 'available' }]);
    const metrics = await (await served.get('/metrics')).text();
    expect(metrics).toMatch(
      /countersign_member_duration_seconds_count\{model="iris_vote",member="iris_boosting",outcome="answered"\} [1-9]/,
    );
  });

  it('refuses a wrong field as any model does', async () => {
    const response = await served.post('/models/conditional/serve', { qestion: 'x' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('did you mean `question`?');
  });
});

describe('MLflow’s documented ensemble', () => {
  it('composed of its two parts answers as the logged one does, row by row and in both protocols', async () => {
    const python = await pythonEnv('models');
    const folder = join(scratch, 'ensemble');
    const tracking = { MLFLOW_TRACKING_URI: `sqlite:///${join(scratch, 'unused.db')}` };
    await run(python, [join(import.meta.dirname, '../support/make_ensemble.py'), folder], {
      env: { ...process.env, ...tracking },
    });
    const config = join(scratch, 'ensemble.yaml');
    await writeFile(
      config,
      `graphs:
  composed:
    ensemble:
      combine: mean
      members: [{ model: ridge, weight: 0.6 }, { model: forest, weight: 0.4 }]
`,
    );
    await using served = await serve(
      [
        'serve',
        'composed',
        'logged',
        '--tracking-uri',
        folder,
        '--config',
        config,
        '--env-manager',
        'local',
        '--python',
        python,
      ],
      { cwd: scratch },
    );
    await served.ready();
    const rows = Array.from({ length: 50 }, (_, row) => ({
      f1: Math.sin(row),
      f2: Math.cos(3 * row),
      f3: (row - 25) / 10,
    }));
    const [composed, logged] = (await Promise.all(
      ['composed', 'logged'].map(async (name) => json(await served.post(`/models/${name}/serve`, rows))),
    )) as number[][];
    expect(composed).toHaveLength(50);
    composed?.forEach((value, row) => {
      expect(value).toBeCloseTo(logged?.[row] ?? Number.NaN, 10);
    });
    const body = { dataframe_records: rows.slice(0, 2) };
    const { predictions } = (await json(await served.post('/models/composed/invocations', body))) as {
      predictions: number[];
    };
    // A linear model answers two rows differently from fifty, in the last bits.
    expect(predictions).toHaveLength(2);
    predictions.forEach((value, row) => {
      expect(value).toBeCloseTo(composed?.[row] ?? Number.NaN, 10);
    });
    // Its parts are not served by themselves: they were not named.
    expect((await served.get('/models/ridge')).status).toBe(404);
  }, 300_000);
});

describe('a config that cannot be', () => {
  const start = async (graphs: string): Promise<{ code: number | null; stderr: string }> => {
    const config = join(scratch, 'wrong.yaml');
    await writeFile(config, `graphs:\n${graphs}`);
    return countersign(['serve', ...registry, '--config', config, '--port', '0'], { cwd: scratch });
  };

  it.each([
    ['an unknown member', '  g: { pipeline: [ghost] }\n', 'graphs.g -> ghost'],
    ['a circle', '  a: { pipeline: [b] }\n  b: { pipeline: [a] }\n', 'a -> b -> a'],
    [
      'an edge that cannot fit',
      '  g: { pipeline: [question_answerer, { model: translation_model, input: { prompt: score } }] }\n',
      'question_answerer.score -> translation_model.prompt: double is no string',
    ],
    [
      'a test that nothing can pass',
      '  g: { condition: { ask: question_answerer, when: { field: answer, above: 0.5 } } }\n',
      'graphs.g.when: question_answerer.answer: string is never > 0.5',
    ],
    [
      'a name of the registry',
      '  iris_sklearn: { pipeline: [question_answerer] }\n',
      'a registered model has this name',
    ],
  ])('ends the start with %s, naming it', async (_, graphs, what) => {
    const { code, stderr } = await start(graphs);
    expect(stderr).toContain(what);
    expect(code).toBe(2);
  });
});

describe('the commands', () => {
  const inExamples = { cwd: join(examples, 'composed') };

  it('print the composition as a tree and as Mermaid', async () => {
    const tree = await countersign(['graph', 'answer_in_french'], inExamples);
    expect(tree.stdout).toBe(
      'answer_in_french  (pipeline)\n├─ question_answerer\n└─ translation_model@french\n   prompt <- answer\n',
    );
    const { stdout } = await countersign(['graph', '--mermaid'], inExamples);
    expect(stdout).toMatch(/^flowchart LR\n {2}subgraph g0\["conditional \(function\)"\]/);
    expect((await countersign(['graph', 'conditonal'], inExamples)).code).toBe(3);
  });

  it('write the types that the example folder holds', async () => {
    const file = join(scratch, 'models.d.ts');
    const names = [
      'question_answerer',
      'translation_model',
      'iris_boosting',
      'iris_classifier',
      'iris_sklearn',
    ];
    const { code } = await countersign(['types', ...names, '-o', file, ...registry], inExamples);
    expect(code).toBe(0);
    await run('diff', [file, join(examples, 'composed/countersign-models.d.ts')]);
  });
});
