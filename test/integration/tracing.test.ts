import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { afterAll, describe, expect, it } from 'vitest';

import { compose, deploymentFromModelName } from '../../src/index.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import { serve, type Served } from '../support/served.ts';

const examples = resolve(import.meta.dirname, '../../examples');
const registry = {
  trackingUri: `sqlite:///${examples}/registry/mlflow.db`,
  artifactsDestination: `${examples}/registry/artifacts`,
};
const flags = [
  ...['--tracking-uri', registry.trackingUri],
  ...['--artifacts-destination', registry.artifactsDestination],
];
const scratch = mkdtempSync(join(tmpdir(), 'countersign-tracing-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const doubtful = {
  'sepal length (cm)': 5.9,
  'sepal width (cm)': 3.2,
  'petal length (cm)': 4.8,
  'petal width (cm)': 1.8,
};
const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;

/** ONNX members alone: what is shown here does not depend on the engine. */
const config = join(scratch, 'graphs.yaml');
writeFileSync(
  config,
  `graphs:
  pair:
    ensemble:
      combine: concat
      members: [{ model: iris_classifier, field: label }, { model: iris_classifier@candidate, name: other, field: setosa }]
  forgiving:
    ensemble:
      combine: vote
      output: label
      members:
        - { model: iris_classifier, field: label }
        - { model: iris_classifier, name: spare, field: label, onError: omit }
`,
);

async function traced(env: Readonly<Record<string, string>>): Promise<Served> {
  const served = await serve(['serve', 'pair', 'forgiving', ...flags, '--config', config], {
    cwd: scratch,
    env,
  });
  await served.ready();
  return served;
}

function post(
  served: Served,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(served.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] ?? expect.fail(name);
}

function childrenOf({ spanId }: ReceivedSpan, spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans.filter((span) => span.parentSpanId === spanId);
}

describe('traces sent to a collector', () => {
  /** What a server exports while it does something, and until it has stopped. */
  async function exported(
    env: (receiver: OtlpReceiver) => Readonly<Record<string, string>>,
    job: (served: Served) => Promise<unknown>,
  ): Promise<{ spans: readonly ReceivedSpan[]; text: string; contentTypes: readonly string[]; log: string }> {
    await using receiver = await otlpReceiver();
    await using served = await traced(env(receiver));
    await job(served);
    expect(await served.stop()).toEqual({ code: 0, signal: null });
    const { spans, contentTypes } = receiver;
    return { spans, text: receiver.text(), contentTypes, log: served.stderr() };
  }

  it('have a span for the request, for each member of a composed model and for each stage', async () => {
    const { spans, contentTypes, log } = await exported(
      ({ url }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'flowers' }),
      async (served) => {
        const response = await post(served, '/models/pair/serve', [doubtful, doubtful], { traceparent });
        expect(response.status, await response.text()).toBe(200);
      },
    );
    expect(contentTypes[0]).toBe('application/x-protobuf');
    const request = named(spans, 'POST /models/:name/serve');
    expect(request).toMatchObject({
      ...{ kind: 2, status: 0, service: 'flowers', scope: 'countersign' },
      ...{ traceId: caller.traceId, parentSpanId: caller.spanId },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/models/:name/serve',
        'http.response.status_code': 200,
        'url.path': '/models/pair/serve',
        'server.address': '127.0.0.1',
        'countersign.model.name': 'pair',
        'countersign.model.version': '1',
      },
    });
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]));
    const below = childrenOf(request, spans).map(({ name }) => name);
    expect(below).toEqual(
      expect.arrayContaining([
        'decode',
        'predict',
        'conform',
        'encode',
        'member iris_classifier',
        'member other',
      ]),
    );
    for (const [name, version] of [
      ['iris_classifier', '1'],
      ['other', '2'],
    ]) {
      const member = named(spans, `member ${name ?? ''}`);
      expect(member.attributes).toMatchObject({
        'countersign.graph.name': 'pair',
        'countersign.member.name': name,
        'countersign.model.name': 'iris_classifier',
        'countersign.model.version': version,
        'countersign.member.outcome': 'answered',
        'countersign.member.calls': 1,
        'countersign.member.rows': 2,
      });
      expect(childrenOf(member, spans).map((stage) => stage.name)).toEqual(
        expect.arrayContaining(['decode', 'acquire', 'predict', 'conform', 'encode']),
      );
    }
    for (const parent of spans) {
      for (const child of childrenOf(parent, spans)) {
        expect(child.startNs, `${child.name} of ${parent.name}`).toBeGreaterThanOrEqual(parent.startNs);
        expect(child.endNs, `${child.name} of ${parent.name}`).toBeLessThanOrEqual(parent.endNs);
      }
    }
    expect(log).toContain(`"traceId":"${caller.traceId}"`);
  });

  it('name the code of an error and never what was sent', async () => {
    const { spans, text } = await exported(
      ({ url }) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces` }),
      async (served) => {
        const wrong = { ...doubtful, 'petal width (cm)': 'hush-hush' };
        expect((await post(served, '/models/pair/serve?secret=hush-hush', wrong, {})).status).toBe(400);
        const pinned = { 'countersign-member-versions': 'other=9' };
        expect((await post(served, '/models/pair/serve', doubtful, pinned)).status).toBe(404);
        const spare = { 'countersign-member-versions': 'spare=9' };
        expect((await post(served, '/models/forgiving/serve', doubtful, spare)).status).toBe(200);
        await served.get('/readyz');
      },
    );
    const requests = spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ attributes, status }) => [attributes['error.type'], status])).toEqual([
      // A caller's mistakes are no errors of the server.
      ['INVALID_INPUT', 0],
      ['VERSION_NOT_FOUND', 0],
      [undefined, 0],
    ]);
    const failed = named(spans, 'member other');
    expect(failed).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'VERSION_NOT_FOUND', 'countersign.member.outcome': 'failed' },
    });
    expect(named(spans, 'member spare')).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'VERSION_NOT_FOUND', 'countersign.member.outcome': 'omitted' },
    });
    expect(spans[0]?.service).toBe('countersign');
    expect(text).not.toContain('hush-hush');
  });

  it('follow OpenTelemetry’s other variables: protocol, headers, sampler', async () => {
    const { spans, contentTypes } = await exported(
      ({ url }) => ({
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      }),
      async (served) => {
        await post(served, '/models/pair/serve', doubtful, {});
        await post(served, '/models/pair/serve', doubtful, { traceparent });
      },
    );
    expect(contentTypes).toEqual(['application/json']);
    expect(named(spans, 'POST /models/:name/serve').traceId).toBe(caller.traceId);
    expect(spans.filter(({ kind }) => kind === 2)).toHaveLength(1);
  });

  it('hold nothing up where the collector is gone, and say so', async () => {
    await using served = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect((await post(served, '/models/pair/serve', doubtful, {})).status).toBe(200);
    expect(await served.stop()).toEqual({ code: 0, signal: null });
    expect(served.stderr()).toMatch(/ECONNREFUSED|could not be sent/);
  });
});

describe('without traces', () => {
  const loads = `--import ${resolve(import.meta.dirname, '../support/log-loads.ts')}`;

  it.each([
    ['nothing asks for them', {}, false],
    [
      'the SDK is disabled',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
      false,
    ],
    ['a collector is named', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, true],
  ])('OpenTelemetry is loaded only where it is asked for: %s', async (_, env, expected) => {
    await using served = await traced({ ...env, NODE_OPTIONS: loads });
    expect((await post(served, '/models/pair/serve', doubtful, { traceparent })).status).toBe(200);
    await served.stop();
    expect(served.stderr().includes('loaded for traces')).toBe(expected);
  });
});

describe('a program with a tracer provider of its own', () => {
  it('gets the spans, and its own are children of those they belong to', async () => {
    const spans: { name: string; spanId: string; parent: string | undefined }[] = [];
    const sdk = new NodeSDK({
      serviceName: 'a program',
      metricReaders: [],
      logRecordProcessors: [],
      traceExporter: {
        export: (ended, done) => {
          for (const span of ended) {
            const { spanId } = span.spanContext();
            spans.push({ name: span.name, spanId, parent: span.parentSpanContext?.spanId });
          }
          // SUCCESS of an enumeration whose package is not ours to import.
          // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
          done({ code: 0 });
        },
        shutdown: () => Promise.resolve(),
      },
    });
    sdk.start();
    const deployment = await deploymentFromModelName('ruled', {
      ...registry,
      cacheDir: resolve(examples, '../.cache/countersign'),
      port: 0,
      logger: silentLogger,
      graphs: {
        ruled: compose({
          members: { gate: 'iris_classifier' },
          inputs: 'gate',
          outputs: 'gate',
          async predict(row, { gate }) {
            return trace.getTracer('mine').startActiveSpan('my rules', async (span) => {
              const answer = await gate(row);
              span.end();
              return answer;
            });
          },
        }),
      },
    });
    try {
      const url = await deployment.listen();
      const response = await fetch(`${url}/serve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(doubtful),
      });
      expect(response.status, await response.text()).toBe(200);
    } finally {
      await deployment.close();
      await sdk.shutdown();
    }
    const idOf = (name: string): string | undefined => spans.find((span) => span.name === name)?.spanId;
    const parentOf = (name: string): string | undefined => spans.find((span) => span.name === name)?.parent;
    expect(idOf('POST /serve')).toBeDefined();
    expect(parentOf('my rules')).toBe(idOf('POST /serve'));
    expect(parentOf('member gate')).toBe(idOf('POST /serve'));
  });
});
