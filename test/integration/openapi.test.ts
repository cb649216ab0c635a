import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const run = promisify(execFile);
const registry = 'examples/registry';
const models = ['translation_model', 'question_answerer', 'iris_classifier'];

describe('the OpenAPI document of the example registry', () => {
  let server: Served;

  beforeAll(async () => {
    server = await serve([
      'serve',
      ...models,
      '--tracking-uri',
      `sqlite:///${registry}/mlflow.db`,
      '--artifacts-destination',
      `${registry}/artifacts`,
      '--default-model',
      'translation_model',
    ]);
    await server.ready();
  }, 600_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each(['/openapi.json', ...models.map((name) => `/models/${name}/openapi.json`)])(
    'is valid 3.1 at %s',
    async (path) => {
      const document = (await (await fetch(`${server.url}${path}`)).json()) as Record<string, unknown>;
      const outcome = await new Validator().validate(document);
      expect(outcome).toMatchObject({ valid: true });
      expect(document['openapi']).toMatch(/^3\.1\./);
    },
  );

  it('is true: what schemathesis makes from it is accepted, what does not fit is refused, answers fit', async () => {
    await schemathesis('--exclude-path-regex', 'invocations$');
  }, 600_000);

  // MLflow's protocol takes more than the document recommends, so only what fits it is asserted here.
  it('is true of /invocations: what fits the document is accepted', async () => {
    const checks = 'unsupported_method,negative_data_rejection';
    await schemathesis('--include-path-regex', 'invocations$', '--exclude-checks', checks);
  }, 600_000);

  async function schemathesis(...more: readonly string[]): Promise<void> {
    const python = await pythonEnv('schemathesis');
    const examples = process.env['COUNTERSIGN_SLOW_TESTS'] === undefined ? '15' : '60';
    const common = [
      '--checks',
      'all',
      '--max-examples',
      examples,
      '--generation-deterministic',
      '--no-color',
    ];
    const outcome = await run(
      join(dirname(python), 'schemathesis'),
      ['run', `${server.url}/openapi.json`, ...common, ...more],
      { maxBuffer: 1e8 },
    ).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: unknown) => error as { code: number; stdout: string },
    );
    expect(outcome.code, outcome.stdout.slice(-20_000)).toBe(0);
  }
});
