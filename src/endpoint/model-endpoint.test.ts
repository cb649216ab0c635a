import { describe, expect, it } from 'vitest';

import { FakeClock, settle } from '../../test/fakes/fake-clock.ts';
import { FakeEngine } from '../../test/fakes/fake-engine.ts';
import { FakeRegistry } from '../../test/fakes/fake-registry.ts';
import { createMlflowCodec } from '../codec/mlflow.ts';
import { createServeCodec } from '../codec/serve.ts';
import { parseSignature } from '../contract/parse.ts';
import type { Signature } from '../contract/signature.ts';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import { createManager } from '../serving/create-manager.ts';
import { type Logger, silentLogger } from '../telemetry/logger.ts';
import { createBringUp } from './bring-up.ts';
import type { EndpointCall } from './endpoint.ts';
import { ModelEndpoint } from './model-endpoint.ts';
import { parseSelector } from './selector.ts';
import type { EndpointSettings } from './settings.ts';
import { Verifications } from './verification.ts';
import { VersionDirectory } from './version-directory.ts';
import { callerOf } from '../util/caller.ts';

const utf8 = new TextEncoder();
const codec = createServeCodec({ unknownFields: 'reject' });

interface Column {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
}

function signature(inputs: readonly Column[], outputs: readonly Column[] | null = null): Signature {
  const parsed = parseSignature({ inputs, outputs, params: null }, false);
  if (parsed === null) expect.unreachable();
  return parsed;
}

const textToText = signature([{ name: 'word', type: 'string' }], [{ name: 'word', type: 'string' }]);
const renamed = signature([{ name: 'term', type: 'string' }], [{ name: 'word', type: 'string' }]);

/** A registry, an engine and the endpoint of model `m` over them, as the gateway composes them. */
function house(settings: Partial<EndpointSettings> = {}, logger: Logger = silentLogger) {
  const clock = new FakeClock();
  const registry = new FakeRegistry();
  const engine = new FakeEngine();
  const verifications = new Verifications();
  let pinned: string | null = null;
  const manager = createManager({
    loaderFor: createBringUp({
      registry,
      engines: [engine],
      engineFor: () => null,
      outputCheckFor: () => settings.outputCheck ?? 'error',
      batchingFor: () => ({ mode: 'auto', maxRows: 64, maxQueued: 100, maxQueuedRows: 10_000, windowMs: 0 }),
      isDefault: ({ version }) => version === pinned,
      verifications,
      clock,
      logger,
    }),
    clock,
    logger,
  });
  const endpoint = new ModelEndpoint({
    name: 'm',
    registry,
    directory: new VersionDirectory({ model: 'm', registry, clock, logger }),
    manager,
    verifications,
    settings: {
      defaultVersion: null,
      contractFile: null,
      compatibility: 'substitutable',
      outputCheck: 'error',
      mlflowExact: false,
      timeoutMs: 60_000,
      ...settings,
    },
    onPinned: ({ defaultVersion }) => {
      pinned = defaultVersion;
    },
    clock,
    logger,
  });
  const post = async (body: unknown, selector = '', extra: Partial<EndpointCall> = {}): Promise<unknown> => {
    const answer = await endpoint.call(
      {
        selector: parseSelector(selector),
        terms: 'contract',
        codec,
        request: {
          body: utf8.encode(JSON.stringify(body)),
          contentType: 'application/json',
          query: new URLSearchParams(),
        },
        requestId: 'test',
        caller: callerOf(new AbortController().signal),
        ...extra,
      },
      { resolved: () => undefined, stage: () => undefined },
    );
    return JSON.parse(Buffer.from(answer.body).toString());
  };
  return { clock, registry, engine, verifications, manager, endpoint, post };
}

async function failureOf(promise: Promise<unknown>): Promise<CountersignError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof CountersignError)) expect.unreachable(`not a CountersignError: ${String(thrown)}`);
  return thrown;
}

describe('which version answers', () => {
  it('takes the alias production over the newest version', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    expect(await post({ word: 'a' })).toEqual([{ word: 'a' }]);
    expect(engine.events).toContain('loaded m/1');
  });

  it('takes the newest version, with a warning, where no alias says otherwise', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_data, message) => warnings.push(message) };
    const { registry, engine, post } = house({}, logger);
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: textToText });
    await post({ word: 'a' });
    expect(engine.events).toContain('loaded m/2');
    expect(warnings.join()).toContain('newest');
  });

  it('serves a version registered after the start as soon as it is asked for', async () => {
    const { registry, post } = house();
    registry.addVersion('m', { signature: textToText });
    await post({ word: 'a' });
    registry.addVersion('m', { signature: textToText });
    expect(await post({ word: 'b' }, '2')).toEqual([{ word: 'b' }]);
  });

  it('answers 404 naming the versions that exist, and asks the registry once for a bad id', async () => {
    const { registry, post } = house();
    registry.addVersion('m', { signature: textToText });
    await post({ word: 'a' });
    const first = await failureOf(post({ word: 'a' }, '9'));
    expect(first.code).toBe('VERSION_NOT_FOUND');
    expect(first.facts.details).toEqual({ versions: ['1'] });
    const asked = registry.calls.model;
    for (let i = 0; i < 20; i++) await failureOf(post({ word: 'a' }, '9'));
    expect(registry.calls.model).toBe(asked);
  });

  it('finds a version that was unknown a moment ago', async () => {
    const { registry, post, clock } = house();
    registry.addVersion('m', { signature: textToText });
    await failureOf(post({ word: 'a' }, '2'));
    registry.addVersion('m', { signature: textToText });
    await clock.advance(5_000);
    expect(await post({ word: 'b' }, '02')).toEqual([{ word: 'b' }]);
  });

  it('follows an alias that moves, but the contract never moves by itself', async () => {
    const { registry, engine, endpoint, post, clock } = house();
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    await post({ word: 'a' }, '@production');
    registry.setAlias('m', 'production', '2');
    await clock.advance(1_500);
    await post({ word: 'a' }, '@production');
    expect(engine.events).toContain('loaded m/2');
    expect((await endpoint.contract(new AbortController().signal)).version).toBe('1');
  });

  it('goes by what it knew while the registry is down', async () => {
    const { registry, post, clock } = house();
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    await post({ word: 'a' });
    registry.unreachable = true;
    await clock.advance(10_000);
    expect(await post({ word: 'b' }, '@production')).toEqual([{ word: 'b' }]);
  });

  it('goes by what it knew while the registry hangs', async () => {
    const { registry, post, clock } = house();
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    await post({ word: 'a' });
    registry.model = () => new Promise(() => undefined);
    await clock.advance(10_000);
    const answer = post({ word: 'b' }, '@production');
    await settle();
    await clock.advance(2_000);
    expect(await answer).toEqual([{ word: 'b' }]);
    expect(await post({ word: 'c' }, 'latest')).toEqual([{ word: 'c' }]);
  });

  it('does not say that there is no such version while the registry is down', async () => {
    const { registry, post } = house();
    registry.addVersion('m', { signature: textToText });
    await post({ word: 'a' });
    registry.unreachable = true;
    expect((await failureOf(post({ word: 'b' }, '2'))).code).toBe('REGISTRY_UNREACHABLE');
    registry.unreachable = false;
    registry.addVersion('m', { signature: textToText });
    expect(await post({ word: 'b' }, '2')).toEqual([{ word: 'b' }]);
  });

  it('knows a deleted version no more, once it had to look', async () => {
    const { registry, post, clock } = house();
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    const second = registry.addVersion('m', { signature: textToText });
    await post({ word: 'a' }, '2');
    registry.deleteVersion(second);
    await clock.advance(1_500);
    expect(await post({ word: 'b' }, 'latest')).toEqual([{ word: 'b' }]);
    expect((await failureOf(post({ word: 'b' }, '2'))).code).toBe('VERSION_NOT_FOUND');
  });

  it('is 404, and no failed load, for a version that was deleted before it was loaded again', async () => {
    const { registry, endpoint, post } = house();
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    const second = registry.addVersion('m', { signature: textToText });
    await endpoint.terms({ kind: 'version', version: '2' }, 'contract', new AbortController().signal);
    registry.deleteVersion(second);
    expect((await failureOf(post({ word: 'b' }, '2'))).code).toBe('VERSION_NOT_FOUND');
  });

  it('cannot load, for its callers, a version whose MLmodel cannot be read', async () => {
    const { registry, post } = house();
    registry.addVersion('m', { signature: textToText });
    registry.setAlias('m', 'production', '1');
    registry.addVersion('m', { signature: textToText });
    const describe = registry.describe.bind(registry);
    registry.describe = (ref, signal) =>
      ref.version === '2'
        ? Promise.reject(countersignError('INVALID_MLMODEL', 'it is not YAML'))
        : describe(ref, signal);
    const error = await failureOf(post({ word: 'b' }, '2'));
    expect(error).toMatchObject({ code: 'VERSION_LOAD_FAILED', status: 503 });
    expect(error.message).toContain('it is not YAML');
  });
});

describe('the contract', () => {
  it('refuses a version that would break callers with the differences, and loads nothing for it', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: renamed });
    registry.setAlias('m', 'production', '1');
    const error = await failureOf(post({ word: 'a' }, '2'));
    expect(error.code).toBe('VERSION_INCOMPATIBLE');
    expect(error.facts.details).toMatchObject({
      verdict: 'incompatible',
      differences: [{ path: '/inputs/term' }, { path: '/inputs/word' }],
    });
    expect(engine.events).toEqual([]);
  });

  it('serves an incompatible version under its own signature', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: renamed });
    registry.setAlias('m', 'production', '1');
    engine.plan({ model: 'm', version: '2' }).answer = () => ({
      kind: 'value',
      value: [{ word: 'b' }],
    });
    expect(await post({ term: 'a' }, '2', { terms: 'own' })).toEqual([{ word: 'b' }]);
  });

  it('adapts a request to a wider version and its answer back, dropping what the contract does not name', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', {
      signature: signature([{ name: 'n', type: 'integer' }], [{ name: 'y', type: 'double' }]),
    });
    registry.addVersion('m', {
      signature: signature(
        [
          { name: 'extra', type: 'string', required: false },
          { name: 'n', type: 'long' },
        ],
        [
          { name: 'y', type: 'float' },
          { name: 'z', type: 'string' },
        ],
      ),
    });
    registry.setAlias('m', 'production', '1');
    let seen: unknown = null;
    engine.plan({ model: 'm', version: '2' }).answer = ({ input }) => {
      seen = input;
      return { kind: 'value', value: [{ y: 0.5, z: 'dropped' }] };
    };
    expect(await post({ n: 3 }, '2')).toEqual([{ y: 0.5 }]);
    expect(seen).toMatchObject({
      columns: [{ name: 'n', vector: { dtype: 'int64', data: BigInt64Array.of(3n) } }],
    });
  });
});

describe('answers', () => {
  const wrong = { kind: 'value', value: [{ word: 7 }] } as const;

  it('refuses an answer that does not fit with MODEL_OUTPUT_MISMATCH', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).answer = () => wrong;
    const error = await failureOf(post({ word: 'a' }));
    expect(error.code).toBe('MODEL_OUTPUT_MISMATCH');
    expect(error.message).toContain('word');
  });

  it('refuses another number of rows than came in', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).answer = () => ({ kind: 'value', value: [{ word: 'a' }] });
    const error = await failureOf(post([{ word: 'a' }, { word: 'b' }]));
    expect(error.code).toBe('MODEL_OUTPUT_MISMATCH');
  });

  it('passes answers through with --output-check warn', async () => {
    const { registry, engine, post } = house({ outputCheck: 'warn' });
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).answer = () => wrong;
    expect(await post({ word: 'a' })).toEqual([{ word: 7 }]);
  });

  it('answers an empty list with an empty list, without asking the model', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: textToText });
    expect(await post([])).toEqual([]);
    expect(engine.plan({ model: 'm', version: '1' }).loads).toBeLessThanOrEqual(1);
  });
});

describe("the check at load, on the model's own example", () => {
  const example = {
    example: { path: 'input_example.json', type: 'dataframe', servingPath: null },
    files: { 'input_example.json': JSON.stringify({ columns: ['word'], data: [['a']] }) },
    signature: textToText,
  };

  it('verifies a version whose answer fits', async () => {
    const { registry, endpoint, post } = house();
    registry.addVersion('m', example);
    await post({ word: 'a' });
    const terms = await endpoint.terms({ kind: 'default' }, 'contract', new AbortController().signal);
    expect(terms.verified.ok).toBe(true);
    expect(terms.example?.answer).toEqual([{ word: 'a' }]);
  });

  it('serves a default that fails it unverified, its answers passed through, and says so', async () => {
    const { registry, engine, endpoint, post } = house();
    registry.addVersion('m', example);
    engine.plan({ model: 'm', version: '1' }).answer = () => ({ kind: 'value', value: [{ word: 7 }] });
    expect(await post({ word: 'a' })).toEqual([{ word: 7 }]);
    const [version] = await endpoint.versions(new AbortController().signal);
    expect(version?.verified).toMatchObject({ ok: false });
    expect(version?.verified?.reason).toContain('word');
    expect(version?.batching).toEqual({ enabled: false, reason: version?.verified?.reason });
  });

  it('does not serve another version that fails it', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', example);
    registry.addVersion('m', example);
    registry.setAlias('m', 'production', '1');
    engine.plan({ model: 'm', version: '2' }).answer = () => ({ kind: 'value', value: [{ word: 7 }] });
    const error = await failureOf(post({ word: 'a' }, '2'));
    expect(error.code).toBe('VERSION_LOAD_FAILED');
    expect(error.message).toContain('word');
    expect(engine.live).toEqual(new Set());
    expect(await post({ word: 'a' })).toEqual([{ word: 'a' }]);
  });
});

describe('time', () => {
  it('answers VERSION_LOADING at the deadline and goes on loading', async () => {
    const { registry, engine, post, clock } = house({ timeoutMs: 1_000 });
    registry.addVersion('m', { signature: textToText });
    const plan = engine.plan({ model: 'm', version: '1' });
    plan.hold();
    const failing = failureOf(post({ word: 'a' }));
    await clock.advance(2_000);
    const error = await failing;
    expect(error.code).toBe('VERSION_LOADING');
    expect(error.facts.retryAfterSeconds).toBeGreaterThan(0);
    plan.letGo();
    await settle();
    expect(await post({ word: 'b' })).toEqual([{ word: 'b' }]);
    expect(plan.loads).toBe(1);
  });

  it('answers DEADLINE_EXCEEDED when the model takes longer', async () => {
    const { registry, engine, post, clock } = house({ timeoutMs: 1_000 });
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).answer = () => new Promise(() => undefined);
    const failing = failureOf(post({ word: 'a' }));
    await clock.advance(2_000);
    expect((await failing).code).toBe('DEADLINE_EXCEEDED');
  });

  it('loads its default when it is warmed, and gives the handle back', async () => {
    const { registry, endpoint, manager } = house();
    registry.addVersion('m', { signature: textToText });
    await endpoint.warm(new AbortController().signal);
    expect(endpoint.ready()).toBe(false);
    await settle();
    expect(endpoint.ready()).toBe(true);
    expect(manager.status({ model: 'm', version: '1' })?.inUse).toBe(0);
  });

  it('gives the handle back when the caller leaves', async () => {
    const { registry, engine, post, manager } = house();
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).answer = () => new Promise(() => undefined);
    const caller = new AbortController();
    const failing = failureOf(post({ word: 'a' }, '', { caller: callerOf(caller.signal) }));
    await settle();
    caller.abort();
    expect((await failing).code).toBe('CALLER_LEFT');
    expect(manager.status({ model: 'm', version: '1' })?.inUse).toBe(0);
  });
});

describe('a request that only MLflow reads', () => {
  const mlflow = createMlflowCodec();
  const written = {
    status: 200,
    contentType: 'application/json',
    body: utf8.encode('{"predictions":"raw"}'),
  };

  it('goes to the model as it came, and its answer back, when the model has no signature', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m');
    const bodies: string[] = [];
    engine.plan({ model: 'm', version: '1' }).invoke = ({ body, exact }) => {
      bodies.push(`${Buffer.from(body).toString()} ${String(exact)}`);
      return written;
    };
    expect(await post({ odd: [1] }, '', { codec: mlflow })).toEqual({ predictions: 'raw' });
    expect(bodies).toEqual(['{"odd":[1]} false']);
  });

  it('is read by the codec where the engine has no MLflow', async () => {
    const { registry, post } = house();
    registry.addVersion('m');
    expect(await post({ inputs: [1, 2] }, '', { codec: mlflow })).toEqual({ predictions: [1, 2] });
  });

  it('is any request to /invocations when its very answers are wanted, and none to /serve', async () => {
    const { registry, engine, post } = house({ mlflowExact: true });
    registry.addVersion('m', { signature: textToText });
    engine.plan({ model: 'm', version: '1' }).invoke = () => written;
    expect(await post({ inputs: { word: ['a'] } }, '', { codec: mlflow })).toEqual({ predictions: 'raw' });
    expect(await post({ word: 'a' })).toEqual([{ word: 'a' }]);
  });

  it('is refused when the version it names would break callers', async () => {
    const { registry, post } = house({
      mlflowExact: true,
      defaultVersion: { kind: 'version', version: '1' },
    });
    registry.addVersion('m', { signature: textToText });
    registry.addVersion('m', { signature: renamed });
    const failure = await failureOf(post({ inputs: [] }, '2', { codec: mlflow }));
    expect(failure.code).toBe('VERSION_INCOMPATIBLE');
  });
});

describe('a request whose rows carry different columns', () => {
  const names = Array.from({ length: 12 }, (_, index) => `c${String(index)}`);
  const columns = names.map((name) => ({ name, type: 'double', required: false }));
  const rows = Array.from({ length: 1_500 }, (_, row) =>
    Object.fromEntries(names.filter((_name, bit) => ((row + 1) >> bit) & 1).map((name) => [name, row])),
  );

  it('is answered in order however many kinds of rows it has: it never fills the queue by itself', async () => {
    const { registry, post } = house();
    registry.addVersion('m', { signature: signature(columns) });
    expect(await post(rows)).toEqual(rows);
  });

  it('that fails leaves nothing running behind it', async () => {
    const { registry, engine, post } = house();
    registry.addVersion('m', { signature: signature(columns) });
    let asked = 0;
    engine.plan({ model: 'm', version: '1' }).answer = () => {
      asked++;
      throw new RangeError('no');
    };
    await expect(post(rows)).rejects.toThrow('no');
    const then = asked;
    await settle();
    expect(asked).toBe(then);
    expect(asked).toBeLessThan(5);
  });
});

describe('a version that is registered again under its number', () => {
  it('is read, judged and loaded anew once a look has shown it', async () => {
    const { registry, engine, endpoint, clock, post } = house({
      defaultVersion: { kind: 'version', version: '1' },
    });
    registry.addVersion('m', { signature: textToText });
    const second = registry.addVersion('m', { signature: textToText });
    expect(await post({ word: 'a' }, '2')).toEqual([{ word: 'a' }]);
    registry.deleteVersion(second);
    registry.addVersion('m', {
      signature: signature([{ name: 'term', type: 'string' }], [{ name: 'term', type: 'string' }]),
    });
    await clock.advance(1_000);
    await endpoint.versions(new AbortController().signal);
    expect((await failureOf(post({ word: 'a' }, '2'))).code).toBe('VERSION_INCOMPATIBLE');
    expect(await post({ term: 'a' }, '2', { terms: 'own' })).toEqual([{ term: 'a' }]);
    await settle();
    expect(engine.events.filter((event) => event.endsWith('m/2'))).toEqual([
      'load m/2',
      'loaded m/2',
      'unload m/2',
      'load m/2',
      'loaded m/2',
    ]);
  });
});
