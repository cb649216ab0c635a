import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Served, serve } from '../support/served.ts';

/** Commands of the README's console block, each with the answer printed under it. */
const examples = [...readFileSync('README.md', 'utf8').matchAll(/^\$ (curl .+)\n(.+)$/gm)].map((match) => ({
  command: match[1] ?? '',
  answer: match[2] ?? '',
}));

describe('the demo, as the README shows it', () => {
  let demo: Served;

  beforeAll(async () => {
    demo = await serve([], { script: 'scripts/demo.ts' });
    await demo.ready();
  }, 600_000);
  afterAll(async () => {
    await demo[Symbol.asyncDispose]();
  });

  const curl = (line: string): string => {
    const here = line.replace(/localhost:8000/, demo.url);
    return execFileSync('bash', ['-c', here], { encoding: 'utf8', timeout: 600_000 });
  };
  const post = async (path: string, body: unknown, selector = ''): Promise<Response> =>
    fetch(`${demo.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', serve_multiplexed_model_id: selector },
      body: JSON.stringify(body),
    });

  it('has examples to run', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4);
  });

  it.each(examples)(
    '$command',
    ({ command, answer }) => {
      expect(curl(command)).toBe(answer);
    },
    600_000,
  );

  it('refuses version 3, whose input was renamed, with 409 and the differences', async () => {
    const response = await post('/serve', { prompt: 'The weather is lovely today' }, '3');
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as { differences: { path: string; kind: string }[] };
    expect(problem.differences.map(({ path, kind }) => [path, kind])).toEqual([
      ['/inputs/prompt', 'input_removed'],
      ['/inputs/text_to_translate', 'input_added_required'],
    ]);
  });

  it('answers 404 for a version that does not exist, naming those that do', async () => {
    const response = await post('/serve', { prompt: 'x' }, '9');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'VERSION_NOT_FOUND', versions: ['3', '2', '1'] });
  });

  it('answers 400 for a typo, naming the missing field and the near miss', async () => {
    const response = await post('/serve', { promt: 'x' });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain('/promt');
    expect(text).toContain('`prompt`');
  });

  it('answers the question with score, start, end and answer', async () => {
    const response = await post('/models/question_answerer/serve', { question: 'Where do you live?' });
    expect(await response.json()).toEqual([
      {
        score: expect.any(Number) as number,
        start: expect.any(Number) as number,
        end: expect.any(Number) as number,
        answer: 'North Carolina',
      },
    ]);
  }, 600_000);

  it('serves ONNX and scikit-learn models side by side', async () => {
    const flower = {
      'sepal length (cm)': 5.1,
      'sepal width (cm)': 3.5,
      'petal length (cm)': 1.4,
      'petal width (cm)': 0.2,
    };
    const onnx = await post('/models/iris_classifier/serve', [flower, flower]);
    expect(await onnx.json()).toMatchObject([{ label: 'setosa' }, { label: 'setosa' }]);
    const sklearn = await post('/models/iris_sklearn/serve', flower);
    expect(await sklearn.json()).toEqual([0]);
  }, 600_000);
});
