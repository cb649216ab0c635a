import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FakeEndpoint, type FakeEndpointOptions } from '../../../test/fakes/fake-catalogue.ts';
import { jsonRow, name, signature, signatureWithInputs } from '../../../test/support/arbitraries.ts';
import { testServer } from '../../../test/support/http.ts';
import { createServeCodec } from '../../codec/serve.ts';
import type { Signature } from '../../contract/signature.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { asRecord } from '../../util/unknown.ts';
import { writeJson } from '../../util/write-json.ts';
import type { Document } from './openapi-types.ts';

async function documentOf(url: string, ...endpoints: readonly FakeEndpoint[]): Promise<Document> {
  const { app } = testServer(endpoints);
  const response = await app.inject(url);
  expect(response.statusCode, response.body).toBe(200);
  return response.json();
}

const validator = new Validator();

async function expectValid(document: Document): Promise<void> {
  const { valid, errors } = await validator.validate(structuredClone({ ...document }));
  expect(valid ? [] : errors).toEqual([]);
  expect(valid).toBe(true);
}

const compiled = new WeakMap<Document, Ajv2020>();

/** Whether a value fits a schema of the document. */
function fits(document: Document, pointer: string, value: unknown): boolean {
  const ajv =
    compiled.get(document) ?? new Ajv2020({ strict: false, validateFormats: false, ownProperties: true });
  if (!compiled.has(document)) ajv.addSchema(document, 'document');
  compiled.set(document, ajv);
  const validate = ajv.getSchema(`document#${pointer}`);
  if (validate === undefined) throw new TypeError(`no schema at ${pointer}`);
  return validate(value) === true;
}

const text: Signature = {
  inputs: {
    kind: 'columns',
    named: true,
    columns: [{ name: 'prompt', type: { kind: 'string' }, required: true }],
  },
  outputs: {
    kind: 'columns',
    named: true,
    columns: [{ name: 'text', type: { kind: 'string' }, required: true }],
  },
  params: [
    { name: 'temperature', type: { kind: 'double' }, array: false, default: 0.5 },
    { name: 'stop', type: { kind: 'string' }, array: true, default: ['.'] },
    { name: 'seed', type: { kind: 'long' }, array: false, default: null },
    {
      name: 'style',
      type: { kind: 'object', properties: [{ name: 'tone', type: { kind: 'string' }, required: true }] },
      array: false,
      default: { tone: 'dry' },
    },
  ],
  fromTypeHint: false,
};

const translator = (options: FakeEndpointOptions = {}): FakeEndpoint =>
  new FakeEndpoint({ name: 'translator', signature: text, ...options });

describe('the OpenAPI document', () => {
  it('is valid 3.1 for any models with any names and signatures', async () => {
    const endpoint = fc
      .record({ name, signature: fc.option(signature), ok: fc.boolean() })
      .map(({ ok, ...options }) => new FakeEndpoint({ ...options, verified: { ok, reason: 'why' } }));
    const models = fc.uniqueArray(endpoint, { minLength: 1, maxLength: 3, selector: (each) => each.name });
    await fc.assert(
      fc.asyncProperty(models, async (endpoints) => {
        const [first] = endpoints;
        const own = `/models/${encodeURIComponent(first?.name ?? '')}`;
        for (const base of ['', own, `${own}/versions/3`]) {
          await expectValid(await documentOf(`${base}/openapi.json`, ...endpoints));
        }
      }),
      { numRuns: 6 },
    );
  });

  it('is true: every row that it admits is accepted, and the answer is one that it promises', async () => {
    // Ajv looks past a property of this name.
    const readable = signatureWithInputs.filter((made) => !writeJson(made).includes('__proto__'));
    const cases = readable.chain((made) =>
      fc.record({
        made: fc.constant({ ...made, outputs: made.inputs, params: [] }),
        row: jsonRow(made.inputs),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ made, row }) => {
        const serveCodec = createServeCodec({ unknownFields: 'reject' });
        const { app } = testServer([translator({ signature: made })], { serveCodec });
        const document: Document = (await app.inject('/openapi.json')).json();
        const bodies = [row, [row], [[row]], { inputs: row }].map((body) => writeJson(body));
        const admitted = bodies.filter((body) =>
          fits(document, '/components/schemas/translator.Request', JSON.parse(body)),
        );
        expect(admitted.length).toBeGreaterThan(0);
        for (const payload of admitted) {
          const response = await app.inject({ method: 'POST', url: '/serve', payload });
          expect(response.statusCode, payload + response.body).toBe(200);
          expect(
            fits(document, '/components/schemas/translator.Answer', response.json()),
            response.body,
          ).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("shows the model's own example, its params in the query where they can go there", async () => {
    const params = { temperature: 0.7, style: { tone: 'warm' } };
    const example = { request: { inputs: { prompt: 'x' }, params }, answer: [{ text: 'y' }] };
    const document = await documentOf('/openapi.json', translator({ example }));
    const serve = document.paths['/serve']?.post;
    const body = serve?.requestBody?.content['application/json']?.examples?.['example']?.value;
    expect(body).toEqual({ inputs: { prompt: 'x' }, params: { style: { tone: 'warm' } } });
    expect(fits(document, '/components/schemas/translator.Request', body)).toBe(true);
    expect(serve?.parameters).toContainEqual(expect.objectContaining({ name: 'temperature', example: 0.7 }));
    expect(serve?.responses['200']).toHaveProperty('content.application/json.examples.example.value', [
      { text: 'y' },
    ]);
    const invocations = document.paths['/invocations']?.post?.requestBody?.content['application/json'];
    expect(invocations?.examples?.['example']?.value).toEqual({
      dataframe_records: [{ prompt: 'x' }],
      params,
    });
  });

  it('has params as query parameters with their defaults, without null, and objects in the body only', async () => {
    const document = await documentOf('/openapi.json', translator());
    const parameters = document.paths['/serve']?.post?.parameters?.slice(1);
    expect(parameters).toMatchObject([
      { name: 'temperature', in: 'query', required: false, schema: { default: 0.5 } },
      { name: 'stop', in: 'query', schema: { type: 'array', default: ['.'] } },
      { name: 'seed', in: 'query', schema: { type: 'integer' } },
    ]);
    expect(fits(document, '/components/schemas/translator.Request', { prompt: 'x' })).toBe(true);
    const enveloped = { inputs: { prompt: 'x' }, params: { style: { tone: 'dry' } } };
    expect(fits(document, '/components/schemas/translator.Request', enveloped)).toBe(true);
    expect(fits(document, '/components/schemas/translator.Request', { promt: 'x' })).toBe(false);
  });

  it('names the selectors that exist, where the path does not select', async () => {
    const document = await documentOf('/models/translator/openapi.json', translator());
    const [selector] = document.paths['/models/translator/serve']?.post?.parameters ?? [];
    expect(selector).toMatchObject({ name: 'serve_multiplexed_model_id', in: 'header' });
    expect(
      Object.values(asRecord(asRecord(selector)['examples'])).map((each) => asRecord(each)['value']),
    ).toEqual(['', '3', '2', '1', '@production']);
    const own = await documentOf('/models/translator/versions/3/openapi.json', translator());
    expect(own.info.title).toBe('translator, version 3 on its own terms');
    expect(own.paths['/models/translator/versions/3/serve']?.post?.parameters?.[0]).toMatchObject({
      in: 'query',
    });
  });

  it('promises no type for answers that are not verified, and says why', async () => {
    const verified = { ok: false, reason: 'its example answers a list' };
    const document = await documentOf('/openapi.json', translator({ verified }));
    expect(fits(document, '/components/schemas/translator.Answer', 'anything')).toBe(true);
    expect(document.paths['/serve']?.post?.description).toContain(
      '**Unverified answers**: its example answers',
    );
  });

  it('says that a model without a signature is untyped', async () => {
    const document = await documentOf('/openapi.json', translator({ signature: null }));
    expect(document.paths['/serve']?.post?.description).toContain('**Untyped**');
    expect(fits(document, '/components/schemas/translator.Request', 'anything')).toBe(true);
  });

  it('leaves a model out that cannot be read, and says so', async () => {
    class Broken extends FakeEndpoint {
      override terms(): Promise<never> {
        return Promise.reject(countersignError('INVALID_MLMODEL', 'no flavors'));
      }
    }
    const document = await documentOf('/openapi.json', translator(), new Broken({ name: 'broken' }));
    expect(document.info.description).toContain('**broken** is left out: The MLmodel file cannot be used');
    expect(Object.keys(document.paths)).toContain('/models/translator/serve');
    await expectValid(document);
  });

  it('covers the first fifty of many models, and says where the others are', async () => {
    const many = Array.from({ length: 60 }, (_, index) => new FakeEndpoint({ name: `m${String(index)}` }));
    const document = await documentOf('/openapi.json', ...many);
    expect(document.tags).toHaveLength(51);
    expect(document.info.description).toContain('60 models are served; the first 50 are here');
  });

  it('keeps models apart whose names differ only in what an identifier cannot hold', async () => {
    const document = await documentOf(
      '/openapi.json',
      new FakeEndpoint({ name: 'a b' }),
      new FakeEndpoint({ name: 'a/b' }),
    );
    const ids = Object.values(document.paths)
      .flatMap((item) => [item.get, item.post])
      .flatMap((operation) => operation?.operationId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('writes the bounds and defaults of a long with all their digits', async () => {
    const spec = { name: 'seed', type: { kind: 'long' }, array: false, default: 9007199254740993n } as const;
    const { app } = testServer([translator({ signature: { ...text, params: [spec] } })]);
    const { body } = await app.inject('/openapi.json');
    expect(body).toContain('"default":9007199254740993');
    expect(body).toContain('"maximum":9223372036854775807');
  });

  it.each([
    ['/models', 'Models'],
    ['/models/translator', 'Model'],
    ['/models/translator/versions', 'Versions'],
    ['/models/translator/contract', 'Contract'],
    ['/readyz', 'Readiness'],
  ])('describes the answer of GET %s', async (url, view) => {
    const { app } = testServer([translator()]);
    const document: Document = (await app.inject('/openapi.json')).json();
    const answer: unknown = (await app.inject(url)).json();
    expect(fits(document, `/components/schemas/${view}`, answer)).toBe(true);
    expect(fits(document, `/components/schemas/${view}`, { ...asRecord(answer), more: 1 })).toBe(false);
    expect(document.paths[url]?.get?.responses['200']).toHaveProperty('content');
  });

  it('describes the problem documents', async () => {
    const { app } = testServer([translator()]);
    const document: Document = (await app.inject('/openapi.json')).json();
    const headers = { serve_multiplexed_model_id: '3' };
    const problem: unknown = (await app.inject({ method: 'POST', url: '/serve', headers })).json();
    expect(fits(document, '/components/schemas/Problem', problem)).toBe(true);
    expect(fits(document, '/components/schemas/Problem', {})).toBe(false);
  });
});
