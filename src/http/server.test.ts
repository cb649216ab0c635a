import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';

import { FakeCatalogue, FakeEndpoint } from '../../test/fakes/fake-catalogue.ts';
import { testServer } from '../../test/support/http.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { routesOf } from './routes.ts';
import type { ModelsView } from './views.ts';

const name = 'translation%20model';
const row = {
  method: 'POST',
  payload: '{"prompt":"x"}',
  headers: { 'content-type': 'application/json' },
} as const;

async function ask(url: string, request: InjectOptions = {}, endpoints?: readonly Endpoint[]) {
  const server = testServer(endpoints);
  const response = await server.app.inject({ url, ...request });
  return { ...server, response };
}

describe('calling a model', () => {
  it.each([
    '/serve',
    '/serve/',
    `/models/${name}/serve`,
    `/models/${name}/serve/`,
    `/models/${name}/versions/1/serve`,
    `/models/${name}/versions/01/serve/`,
    `/models/${name}/aliases/production/serve`,
    '/invocations',
    '/invocations?a=b',
    `/models/${name}/invocations`,
    `/models/${name}/versions/1/invocations`,
    `/models/${name}/aliases/production/invocations`,
  ])('POST %s answers, and says which version did', async (url) => {
    const { response } = await ask(url, row);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual([{ prompt: 'x' }]);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'countersign-model': name,
      'countersign-version': '1',
      'server-timing': 'decode;dur=0.06, predict;dur=124.00, total;dur=0.00',
    });
  });

  it('takes the codec of the route', async () => {
    const endpoint = new FakeEndpoint();
    const { app } = testServer([endpoint]);
    await app.inject({ url: '/serve', ...row });
    await app.inject({ url: '/invocations', ...row });
    expect(endpoint.calls.map(({ codec }) => codec.name)).toEqual(['serve', 'mlflow']);
  });

  it('reads a version in the path on its own terms, and everything else under the contract', async () => {
    const endpoint = new FakeEndpoint();
    const { app } = testServer([endpoint]);
    const paths = ['/serve', `/models/${name}/versions/3/serve`, `/models/${name}/aliases/production/serve`];
    for (const url of paths) await app.inject({ url, ...row });
    expect(endpoint.calls.map(({ selector, terms }) => [selector, terms])).toEqual([
      [{ kind: 'default' }, 'contract'],
      [{ kind: 'version', version: '3' }, 'own'],
      [{ kind: 'alias', alias: 'production' }, 'contract'],
    ]);
  });

  it.each(['serve_multiplexed_model_id', 'serve-multiplexed-model-id'])(
    'selects by the header %s',
    async (header) => {
      for (const path of ['/serve', '/invocations']) {
        const { response } = await ask(path, { ...row, headers: { ...row.headers, [header]: '02' } });
        expect(response.headers['countersign-version']).toBe('2');
      }
    },
  );

  it('hands the body over byte by byte, with its content type and query as sent', async () => {
    const endpoint = new FakeEndpoint();
    const { app } = testServer([endpoint]);
    const types = ['', 'nonsense', 'application/json;', 'text/csv; charset=UTF-8', undefined];
    const payload = Buffer.from([0xff, 0x00, 0x0a]);
    for (const type of types) {
      const headers = type === undefined ? {} : { 'content-type': type };
      await app.inject({ url: '/serve?a=1&a=2&b=%C3%A4', method: 'POST', payload, headers });
    }
    expect(endpoint.calls.map(({ request }) => request.contentType ?? undefined)).toEqual(types);
    for (const { request } of endpoint.calls) {
      expect(Buffer.from(request.body)).toEqual(payload);
      expect([...request.query]).toEqual([
        ['a', '1'],
        ['a', '2'],
        ['b', 'ä'],
      ]);
    }
  });

  it('hands an absent body over as no bytes', async () => {
    const endpoint = new FakeEndpoint();
    const { app } = testServer([endpoint]);
    await app.inject({ url: '/serve', method: 'POST' });
    expect(endpoint.calls[0]?.request.body).toHaveLength(0);
  });
});

describe('MLflow routes', () => {
  it.each(['/ping', '/health', '/ping?x=1', `/models/${name}/ping`, `/models/${name}/health`])(
    'GET %s answers a newline as application/json',
    async (url) => {
      const { response } = await ask(url);
      expect([response.statusCode, response.body]).toEqual([200, '\n']);
      expect(response.headers['content-type']).toBe('application/json');
    },
  );

  it.each(['/ping', '/health', `/models/${name}/ping`])(
    'GET %s is 503 until ready, in the same shape',
    async (url) => {
      const { response } = await ask(url, {}, [new FakeEndpoint({ ready: false })]);
      expect([response.statusCode, response.body]).toEqual([503, '\n']);
      expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'retry-after': '1' });
    },
  );

  it.each(['/version', `/models/${name}/version`])('GET %s answers the bare MLflow version', async (url) => {
    const { response } = await ask(url);
    expect([response.statusCode, response.body]).toEqual([200, '3.17.2']);
    expect(response.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['POST', '/invocations/', '/invocations'],
    ['GET', '/ping/?x=1', '/ping?x=1'],
    ['PUT', `/models/${name}/invocations/`, `/models/${name}/invocations`],
  ] as const)('%s %s is a 307 to the path without the slash', async (method, url, location) => {
    const { response } = await ask(url, { method });
    expect([response.statusCode, response.body, response.headers.location]).toEqual([307, '', location]);
    expect(response.headers['content-type']).toBeUndefined();
  });

  it.each([
    ['GET', '/invocations', 'POST'],
    ['DELETE', '/invocations', 'POST'],
    ['OPTIONS', '/invocations', 'POST'],
    ['PATCH', '/invocations', 'POST'],
    ['POST', '/health', 'GET'],
    ['POST', '/version', 'GET'],
  ] as const)("%s %s is 405 with MLflow's body", async (method, url, allow) => {
    const { response } = await ask(url, { method });
    expect([response.statusCode, response.body]).toEqual([405, '{"detail":"Method Not Allowed"}']);
    expect(response.headers).toMatchObject({ allow, 'content-type': 'application/json' });
  });

  it.each(['/ping', '/health', '/version', '/invocations'])('HEAD %s is 405', async (url) => {
    expect((await ask(url, { method: 'HEAD' })).response.statusCode).toBe(405);
  });

  it.each([
    ['POST', '/Invocations'],
    ['POST', '//invocations'],
    ['POST', '/predict'],
    ['GET', '/'],
    ['GET', `/models/${name}/`],
    ['POST', `/models/${name}//invocations`],
    ['POST', `/models/${name}/predict`],
  ] as const)("%s %s is 404 with MLflow's body and a link to the docs", async (method, url) => {
    const { response } = await ask(url, { method });
    expect([response.statusCode, response.body]).toEqual([404, '{"detail":"Not Found"}']);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      link: '</docs>; rel="help"',
    });
  });

  it("projects errors as MLflow's error body", async () => {
    const { response } = await ask('/invocations', { ...row, payload: '{' });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error_code: 'BAD_REQUEST',
      message: 'The request body cannot be read: it is not JSON.',
    });
  });

  it('answers an incompatible selector with 409 in the same body', async () => {
    const headers = { ...row.headers, serve_multiplexed_model_id: '3' };
    const { response } = await ask('/invocations', { ...row, headers });
    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({ error_code: 'RESOURCE_CONFLICT' });
  });

  it('refuses a content type in plain text', async () => {
    const { response } = await ask('/invocations', { ...row, headers: { 'content-type': 'text/plain' } });
    expect(response.statusCode).toBe(415);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
  });
});

describe('errors of our routes', () => {
  const problemOf = async (url: string, request: InjectOptions = {}, endpoints?: readonly Endpoint[]) => {
    const { response } = await ask(url, request, endpoints);
    expect(response.headers['content-type']).toBe('application/problem+json');
    const problem = response.json<Record<string, unknown>>();
    expect(problem['status']).toBe(response.statusCode);
    expect(problem['requestId']).toBe(response.headers['x-request-id']);
    expect(problem['type']).toBe(`/docs/errors#${String(problem['code'])}`);
    return { response, problem };
  };

  it.each([
    ['/serve', { ...row, payload: '{' }, 400, 'INVALID_BODY'],
    ['/serve', { ...row, headers: { 'content-type': 'text/csv' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['/serve', { ...row, headers: { 'content-encoding': 'gzip' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['/serve', { ...row, headers: { serve_multiplexed_model_id: 'x' } }, 400, 'INVALID_SELECTOR'],
    ['/serve', { ...row, headers: { serve_multiplexed_model_id: '9' } }, 404, 'VERSION_NOT_FOUND'],
    ['/serve', { ...row, headers: { serve_multiplexed_model_id: '3' } }, 409, 'VERSION_INCOMPATIBLE'],
    ['/serve', { ...row, payload: ' '.repeat(1_001) }, 413, 'BODY_TOO_LARGE'],
    ['/serve', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/serve', { method: 'TRACE' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/serve', { method: 'QUERY' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/serve', { ...row, headers: { accept: 'text/event-stream' } }, 400, 'STREAMING_UNSUPPORTED'],
    ['/models/none/serve', row, 404, 'MODEL_NOT_FOUND'],
    [`/models/${name}/versions/x/serve`, row, 400, 'INVALID_SELECTOR'],
    [`/models/${name}/versions/1/predict`, row, 404, 'ROUTE_NOT_FOUND'],
    [`/models/${name}/aliases/none/serve`, row, 404, 'ALIAS_NOT_FOUND'],
    ['/docs/nothing', {}, 404, 'ROUTE_NOT_FOUND'],
    ['/docs/assets/package.json', {}, 404, 'ROUTE_NOT_FOUND'],
    ['/models?limit=0', {}, 400, 'INVALID_QUERY'],
    ['/models/%ff/serve', row, 400, 'INVALID_PATH'],
    [`/models/${'x'.repeat(5_000)}/serve`, row, 400, 'INVALID_PATH'],
  ] as const)('%s %j', async (url, request, status, code) => {
    const { response, problem } = await problemOf(url, request);
    expect([response.statusCode, problem['code']]).toEqual([status, code]);
  });

  it('carry the facts: differences, versions that exist', async () => {
    const select = (version: string) => ({ ...row, headers: { serve_multiplexed_model_id: version } });
    expect((await problemOf('/serve', select('3'))).problem['differences']).toMatchObject([
      { path: '/inputs/prompt' },
    ]);
    expect((await problemOf('/serve', select('9'))).problem['versions']).toEqual(['3', '2', '1']);
  });

  it('name the model as soon as it is known, and the version once it is', async () => {
    const unknown = await problemOf('/models/none/serve', row);
    expect(unknown.response.headers).not.toHaveProperty('countersign-model');
    const noVersion = await problemOf('/serve', { ...row, headers: { serve_multiplexed_model_id: '9' } });
    expect(noVersion.response.headers['countersign-model']).toBe(name);
    expect(noVersion.response.headers).not.toHaveProperty('countersign-version');
    const badBody = await problemOf('/serve', { ...row, payload: '{' });
    expect(badBody.response.headers['countersign-version']).toBe('1');
  });

  it('name the models when nobody owns the short routes', async () => {
    const several = [new FakeEndpoint({ name: 'a' }), new FakeEndpoint({ name: 'b' })];
    const { response, problem } = await problemOf('/serve', row, several);
    expect([response.statusCode, problem['code']]).toEqual([404, 'MODEL_NOT_NAMED']);
    expect(problem['detail']).toContain('a, b');
  });

  it('say when to come back', async () => {
    const busy = countersignError('VERSION_LOADING', 'm', '1').with({ retryAfterSeconds: 2.1 });
    const endpoint = (error: Error) => [new FakeEndpoint({ predict: () => Promise.reject(error) })];
    expect((await problemOf('/serve', row, endpoint(busy))).response.headers['retry-after']).toBe('3');
    const full = countersignError('QUEUE_FULL', 3);
    expect((await problemOf('/serve', row, endpoint(full))).response.headers['retry-after']).toBe('1');
    const failed = countersignError('MODEL_FAILED', 'm', '1', 'E');
    expect((await problemOf('/serve', row, endpoint(failed))).response.headers).not.toHaveProperty(
      'retry-after',
    );
  });

  it('become INTERNAL when they are unexpected, and the log has what the caller has not', async () => {
    const endpoint = new FakeEndpoint({ predict: () => Promise.reject(new TypeError('/srv/secret.py')) });
    const { response, logger } = await ask('/serve', row, [endpoint]);
    expect(response.json()).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(response.body).not.toContain('secret');
    const line = logger.lines.find(({ level }) => level === 'error');
    expect(line?.data).toMatchObject({ requestId: response.headers['x-request-id'], code: 'INTERNAL' });
    expect(String(line?.data['err'])).toContain('secret');
  });

  it('405 says what is allowed', async () => {
    expect((await problemOf('/models', { method: 'DELETE' })).response.headers.allow).toBe('GET');
  });
});

describe('what is served', () => {
  it('GET /models lists every model with its links', async () => {
    const several = [new FakeEndpoint({ name: 'b/c' }), new FakeEndpoint({ name: 'a', ready: false })];
    const { response } = await ask('/models', {}, several);
    expect(response.json()).toMatchObject({
      defaultModel: null,
      next: null,
      models: [
        { name: 'a', ready: false, default: '1', aliases: { production: '1' } },
        { name: 'b/c', ready: true, links: { serve: '/models/b%2Fc/serve' } },
      ],
    });
  });

  it('GET /models goes page by page', async () => {
    const { app } = testServer(['c', 'a', 'd', 'b'].map((each) => new FakeEndpoint({ name: each })));
    const seen: string[] = [];
    let next: string | null = '/models?limit=3';
    while (next !== null) {
      const response = await app.inject(next);
      const page: ModelsView = response.json();
      seen.push(...page.models.map((model) => model.name));
      next = page.next;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('GET /models keeps the others when one cannot be read', async () => {
    class Broken extends FakeEndpoint {
      override describe(): Promise<never> {
        return Promise.reject(countersignError('INVALID_MLMODEL', 'no flavors'));
      }
    }
    const { response } = await ask('/models', {}, [
      new Broken({ name: 'a' }),
      new FakeEndpoint({ name: 'b' }),
    ]);
    expect(response.json()).toMatchObject({
      models: [{ name: 'a', error: { code: 'INVALID_MLMODEL' } }, { name: 'b' }],
    });
  });

  it('GET /models/{name} describes one', async () => {
    const { response } = await ask(`/models/${name}`);
    expect(response.json()).toMatchObject({
      name: 'translation model',
      description: 'Translates.',
      default: '1',
    });
  });

  it.each([`/models/${name}/versions`, `/models/${name}/versions/`])(
    'GET %s compares each version',
    async (url) => {
      const { response } = await ask(url);
      expect(response.json()).toMatchObject({
        model: 'translation model',
        default: '1',
        versions: [
          { version: '3', compatibility: 'incompatible', differences: [{ kind: 'input_removed' }] },
          { version: '2', compatibility: 'unknown', state: 'registered' },
          { version: '1', aliases: ['production'] },
        ],
      });
    },
  );

  it('GET .../contract tells the signature, of the contract or of a version', async () => {
    const { response } = await ask(`/models/${name}/contract`);
    expect(response.json()).toMatchObject({ model: 'translation model', version: '1', signature: null });
    const own = await ask(`/models/${name}/versions/3/contract`);
    expect(own.response.json()).toMatchObject({ version: '3' });
    expect(own.response.headers['countersign-version']).toBe('3');
  });

  it('GET /livez lives, whether ready or not; GET /readyz names what it waits for', async () => {
    const waiting = [new FakeEndpoint({ ready: false })];
    expect((await ask('/livez', {}, waiting)).response.statusCode).toBe(200);
    const { response } = await ask('/readyz', {}, waiting);
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ ready: false, waiting: ['translation model'] });
    expect((await ask('/readyz')).response.json()).toEqual({ ready: true, waiting: [] });
  });

  it('GET /metrics is what the metrics render', async () => {
    const { response } = await ask('/metrics');
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4');
    expect(response.body).toBe('# metrics\n');
  });

  it('a browser at a root is sent to the docs', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml' };
    expect((await ask('/', { headers })).response.headers.location).toBe('/docs');
    expect((await ask(`/models/${name}/`, { headers })).response.headers.location).toBe(
      `/models/${name}/docs`,
    );
  });
});

describe('every route', () => {
  const { app } = testServer();
  const routes = routesOf({ ...({} as Parameters<typeof routesOf>[0]), catalogue: new FakeCatalogue([]) });
  const concrete = (path: string): string =>
    path
      .replace(':name', name)
      .replace(':version', '1')
      .replace(':alias', 'production')
      .replace(':file', 'start.js');

  it.each(routes.map(({ method, path }) => [method, concrete(path)] as const))(
    '%s %s exists',
    async (method, url) => {
      const request = method === 'POST' ? row : { method };
      const response = await app.inject({ url, ...request });
      expect(response.statusCode).toBe(200);
      expect(response.headers).toHaveProperty('x-request-id');
    },
  );

  it.each(routes.map(({ path }) => concrete(path)))('HEAD %s is 405 with Allow', async (url) => {
    const response = await app.inject({ url, method: 'HEAD' });
    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toMatch(/^(GET|POST)$/);
  });
});

describe('what every request leaves behind', () => {
  it('takes over a sane request id, in the answer and for the model', async () => {
    const endpoint = new FakeEndpoint();
    const { response } = await ask('/serve', { ...row, headers: { 'x-request-id': 'abc' } }, [endpoint]);
    expect(response.headers['x-request-id']).toBe('abc');
    expect(endpoint.calls[0]?.requestId).toBe('abc');
  });

  it('counts a request under the pattern of its route, never under what the caller wrote', async () => {
    const { app, metrics } = testServer();
    for (const url of [`/models/${name}/serve`, '/models/none/serve']) await app.inject({ url, ...row });
    await app.inject('/made/up');
    expect(
      metrics.requests.map(({ model, version, route, status }) => [model, version, route, status]),
    ).toEqual([
      ['translation model', '1', '/models/:name/serve', 200],
      [null, null, '/models/:name/serve', 404],
      [null, null, 'unmatched', 404],
    ]);
    expect(metrics.stages).toEqual(['decode', 'predict', 'predict']);
  });

  it('writes one access line without the query, quietly for what machines poll', async () => {
    const { app, logger } = testServer();
    await app.inject({ url: '/serve?secret=1', ...row });
    for (const url of ['/livez', '/readyz', '/ping', '/metrics']) await app.inject(url);
    const lines = logger.lines.filter(({ message }) => message === 'request');
    expect(lines.map(({ level }) => level)).toEqual(['info', 'debug', 'debug', 'debug', 'debug']);
    expect(lines[0]?.data).toMatchObject({ method: 'POST', path: '/serve', status: 200, version: '1' });
    expect(JSON.stringify(lines[0])).not.toContain('secret');
  });
});
