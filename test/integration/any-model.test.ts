import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openRegistry } from '../../src/registry/open.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type Served, serve } from '../support/served.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'countersign-any-'));
const store = `sqlite:///${join(scratch, 'mlflow.db')}`;
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** A column as the model takes it and as it gives it back. */
interface Column {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  /** The value as JSON text that has to come back as it was sent. */
  readonly json: string;
}

const values: Readonly<Record<string, fc.Arbitrary<string>>> = {
  boolean: fc.boolean().map(String),
  integer: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  float: fc.integer({ min: -1000, max: 1000 }).map((n) => String(n + 0.5)),
  double: fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
    .map((n) => JSON.stringify(n || 0.1)),
  string: fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => JSON.stringify(text)),
  binary: fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => JSON.stringify(Buffer.from(bytes).toString('base64'))),
  datetime: fc
    .integer({ min: 0, max: 4e9 })
    .map((seconds) => JSON.stringify(new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'))),
};
const name = fc
  .oneof(
    fc.stringMatching(/^[a-z]{3,8}( [a-z]{1,6})?$/),
    fc.string({ unit: 'grapheme', minLength: 2, maxLength: 8 }),
  )
  .filter((text) => text.trim() === text && !['inputs', 'params'].includes(text) && !/[\p{C}]/u.test(text));
const columns: fc.Arbitrary<Column[]> = fc
  .uniqueArray(name, { minLength: 16, maxLength: 16 })
  .chain((names) =>
    fc.tuple(
      ...Object.entries(values).map(([type, value], index) =>
        value.map((json) => ({ from: names[2 * index] ?? '', to: names[2 * index + 1] ?? '', type, json })),
      ),
    ),
  );

const seed = Number(process.env['ANY_MODEL_SEED'] ?? Date.now() % 2 ** 31);
const [drawn = []] = fc.sample(columns, { seed, numRuns: 1 });

interface Spec {
  readonly inputs: readonly object[] | null;
  readonly outputs?: readonly object[];
  readonly renamed: Readonly<Record<string, string>>;
  readonly says: Readonly<Record<string, string>>;
}

const told = 'told by';
function specOf(says: string): Spec {
  const side = (key: 'from' | 'to') =>
    drawn.map((column) => ({ name: column[key], type: column.type, required: true }));
  return {
    inputs: side('from'),
    outputs: [...side('to'), { name: told, type: 'string', required: true }],
    renamed: Object.fromEntries(drawn.map(({ from, to }) => [from, to])),
    says: { [told]: says },
  };
}

async function register(model: string, spec: Spec, ...more: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, '../support/register_echo.py');
  const where = ['--tracking-uri', store, '--artifacts', join(scratch, 'artifacts')];
  const what = ['--model', model, '--spec', JSON.stringify(spec), ...more];
  const { stdout } = await run(await pythonEnv('mlflow3'), [script, ...where, ...what], { cwd: scratch });
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { version: string }).version;
}

const object = (pairs: readonly (readonly [string, string])[]): string =>
  `{${pairs.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
const row = object(drawn.map(({ from, json }) => [from, json]));
const answerOf = (says: string): string =>
  `[${object([...drawn.map(({ to, json }) => [to, json] as const), [told, JSON.stringify(says)]])}]`;

/** MLflow's own server refuses offsets in datetimes. */
const split = `{"dataframe_split":{"columns":${JSON.stringify(drawn.map(({ from }) => from))},"data":[[${drawn
  .map(({ type, json }) => (type === 'datetime' ? json.replace('Z', '') : json))
  .join(',')}]]}}`;

describe(`a model nobody has seen before (seed ${String(seed)})`, () => {
  const model = `any model ${String(seed)}`;
  const base = `/models/${encodeURIComponent(model)}`;
  let served: Served;
  beforeAll(async () => {
    const python = await pythonEnv('mlflow3');
    await run(python, [
      '-c',
      `import mlflow; mlflow.set_tracking_uri(${JSON.stringify(store)}); mlflow.search_experiments()`,
    ]);
    served = await serve(['serve', '--tracking-uri', store, '--env-manager', 'local', '--python', python], {
      cwd: scratch,
    });
    await served.ready();
    expect(await (await served.get('/models')).json()).toMatchObject({ models: [] });
    await register(model, specOf('version 1'), '--alias', 'production');
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const text = async (response: Promise<Response>): Promise<string> => (await response).text();
  const getJson = async (path: string): Promise<unknown> => (await served.get(path)).json();
  const expectValid = async (document: unknown): Promise<void> => {
    expect(await new Validator().validate(document as Record<string, unknown>)).toMatchObject({
      valid: true,
    });
  };

  it('shows in the list of models', async () => {
    expect(await getJson('/models')).toMatchObject({
      defaultModel: null,
      models: [{ name: model, default: '1' }],
    });
    expect(await getJson(base)).toMatchObject({ name: model, aliases: { production: '1' } });
  });

  it.each(['/serve', '/serve/', '/versions/1/serve', '/versions/01/serve', '/aliases/production/serve'])(
    'answers its values unchanged at %s',
    async (path) => {
      const response = await served.post(base + path, row);
      expect(await response.text()).toBe(answerOf('version 1'));
      expect(response.headers.get('countersign-version')).toBe('1');
      expect(decodeURIComponent(response.headers.get('countersign-model') ?? '')).toBe(model);
    },
  );

  it('answers a list with a list, in order', async () => {
    const answer = answerOf('version 1').slice(1, -1);
    expect(await text(served.post(`${base}/serve`, `[${row},${row},${row}]`))).toBe(
      `[${answer},${answer},${answer}]`,
    );
  });

  it.each(['/invocations', '/versions/1/invocations', '/aliases/production/invocations'])(
    "answers MLflow's protocol at %s",
    async (path) => {
      const answer = (await (await served.post(base + path, split)).json()) as { predictions: object[] };
      expect(answer.predictions.map((each) => Object.keys(each))).toEqual([
        [...drawn.map(({ to }) => to), told],
      ]);
    },
  );

  it('refuses each column when it is missing or misnamed, naming it', async () => {
    const [first, ...rest] = drawn.map(({ from, json }) => [from, json] as const);
    const wrong = await served.post(
      `${base}/serve`,
      object([[`${first?.[0] ?? ''}x`, first?.[1] ?? ''], ...rest]),
    );
    expect(wrong.status).toBe(400);
    const { errors } = (await wrong.json()) as { errors: { pointer: string; message: string }[] };
    expect(errors.map(({ message }) => message).join()).toContain(first?.[0]);
  });

  it('tells its contract', async () => {
    const names = (side: 'from' | 'to'): object[] =>
      drawn.map((column) => ({ name: column[side], type: column.type }));
    for (const path of ['/contract', '/versions/1/contract']) {
      expect(await getJson(base + path)).toMatchObject({
        model,
        version: '1',
        mlflowVersion: '3.17.2',
        signature: { inputs: names('from'), outputs: [...names('to'), { name: told }] },
      });
    }
  });

  it('documents itself in valid OpenAPI, alone and among all models', async () => {
    for (const path of [`${base}/openapi.json`, `${base}/versions/1/openapi.json`, '/openapi.json']) {
      const document = await getJson(path);
      await expectValid(document);
      for (const { from } of drawn)
        expect(JSON.stringify(document)).toContain(JSON.stringify(from).slice(1, -1));
    }
  });

  it('has a page of documents', async () => {
    for (const path of ['/docs', `${base}/docs`]) {
      const page = await served.get(path);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toContain('text/html');
    }
  });

  it("answers MLflow's questions about itself", async () => {
    for (const path of ['/ping', '/health']) {
      const answer = await served.get(base + path);
      expect([answer.status, await answer.text()]).toEqual([200, '\n']);
    }
    expect(await text(served.get(`${base}/version`))).toBe('3.17.2');
  });

  it('does not own the short routes of a server that has several models', async () => {
    const answer = await served.post('/serve', row);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'MODEL_NOT_NAMED',
      detail: expect.stringContaining(model) as string,
    });
  });

  it('serves a second version as soon as it is registered, beside the first', async () => {
    expect((await served.post(`${base}/serve`, row, '2')).status).toBe(404);
    expect(await register(model, specOf('version 2'), '--alias', 'next')).toBe('2');
    // An unknown version is remembered for two seconds.
    const second = async (selector: string): Promise<string> =>
      text(served.post(`${base}/serve`, row, selector));
    await expect.poll(() => second('2'), { timeout: 10_000 }).toBe(answerOf('version 2'));
    expect(await second('latest')).toBe(answerOf('version 2'));
    expect(await second('@next')).toBe(answerOf('version 2'));
    expect(await second('')).toBe(answerOf('version 1'));
    expect(await getJson(`${base}/versions`)).toMatchObject({
      model,
      default: '1',
      versions: [
        { version: '2', aliases: ['next'], state: 'available', compatibility: 'identical' },
        { version: '1', aliases: ['production'], state: 'available' },
      ],
    });
  });

  it('shows in the metrics', async () => {
    const metrics = await text(served.get('/metrics'));
    expect(metrics).toContain(`model="${model}"`);
  });

  it('is served untyped when it has no signature, and says so', async () => {
    await register('bare', { inputs: null, renamed: {}, says: {} });
    const answer = await served.post('/models/bare/serve', { anything: [1, 2.5, null] });
    expect(await answer.json()).toEqual([{ got: { anything: [1, 2.5, null] } }]);
    expect(await getJson('/models/bare/contract')).toMatchObject({
      signature: null,
      verified: { ok: false, reason: 'the model has no signature' },
    });
    const document = await getJson('/models/bare/openapi.json');
    await expectValid(document);
    expect(JSON.stringify(document).includes('logged without a signature')).toBe(true);
  });
});

describe('the code', () => {
  /** Words of the product's or of MLflow's own protocols that a column of an example happens to have. */
  const ordinary: readonly string[] = ['prompt', 'answer', 'end', 'result'];

  it('has no column name of the example registry in it', async () => {
    const names = await exampleColumns();
    expect(names.length).toBeGreaterThan(15);
    const code = (await sources('src')).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const found = names.filter((each) => !ordinary.includes(each)).filter((each) => mentions(code, each));
    expect(found).toEqual([]);
  });

  /** As a key or in quotes; a name of several words anywhere. */
  function mentions(code: string, column: string): boolean {
    if (/\W|_/.test(column)) return code.includes(column);
    return new RegExp(`['"\`]${column}['"\`]`).test(code);
  }

  async function exampleColumns(): Promise<readonly string[]> {
    const { signal } = new AbortController();
    const registry = await openRegistry({
      trackingUri: 'sqlite:///examples/registry/mlflow.db',
      registryUri: null,
      artifactsDestination: 'examples/registry/artifacts',
      cacheDir: scratch,
      python: null,
      env: {},
      cwd: process.cwd(),
      logger: silentLogger,
    });
    const versions = (await registry.models(signal)).flatMap((model) => model.versions);
    const described = await Promise.all(versions.map((version) => registry.describe(version, signal)));
    await registry.close();
    const schemas = described.flatMap(({ signature }) => [
      signature?.inputs ?? null,
      signature?.outputs ?? null,
    ]);
    const all = schemas.flatMap((schema) =>
      schema?.kind === 'columns' ? schema.columns.map((each) => each.name) : [],
    );
    return [...new Set(all.filter((each) => each !== null))];
  }

  async function sources(directory: string): Promise<string> {
    const files = await readdir(directory, { recursive: true });
    const code = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
    return (await Promise.all(code.map((file) => readFile(join(directory, file), 'utf8')))).join('\n');
  }
});
