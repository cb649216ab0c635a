import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/fake-clock.ts';
import { FakeEngine } from '../../test/fakes/fake-engine.ts';
import { RecordingLogger } from '../../test/fakes/recording-logger.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createManager, type ManagerOptions } from './create-manager.ts';
import type { Handle, Manager, VersionState } from './manager.ts';

const v = (version: number, model = 'm') => ({ model, version: String(version) });
const patient = { signal: new AbortController().signal, waitMs: 60_000 };
const code = (name: string): unknown => expect.objectContaining({ code: name });

let clock: FakeClock;
let engine: FakeEngine;

beforeEach(() => {
  clock = new FakeClock();
  engine = new FakeEngine();
});

function manage(options: Partial<ManagerOptions> = {}): Manager {
  return createManager({ loaderFor: engine.loaderFor, clock, logger: silentLogger, ...options });
}

/** Borrows and gives back. */
async function use(manager: Manager, ...versions: readonly ReturnType<typeof v>[]): Promise<void> {
  for (const ref of versions) {
    using handle = await manager.acquire(ref, patient);
    expect(handle.ref).toEqual(ref);
  }
  await settle();
}

const states = (manager: Manager): Record<string, VersionState> =>
  Object.fromEntries(manager.statuses().map(({ model, version, state }) => [`${model}/${version}`, state]));

describe('a version that is asked for', () => {
  test('loads on first use and stays up', async () => {
    const manager = manage();
    await use(manager, v(1), v(1));
    expect(engine.events).toEqual(['load m/1', 'loaded m/1']);
    expect(manager.status(v(1))).toMatchObject({
      state: 'available',
      reason: 'loaded in 0.0 s',
      inUse: 0,
      lastUsed: clock.now(),
      engine: 'python',
      detail: 'a fake of m/1',
      loads: 1,
      pinned: false,
    });
    expect(manager.status(v(2))).toBeNull();
  });

  test('loads once however many ask', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const handles = Promise.all(Array.from({ length: 50 }, () => manager.acquire(v(1), patient)));
    await settle();
    engine.plan(v(1)).letGo();
    expect(new Set((await handles).map(({ servable }) => servable)).size).toBe(1);
    expect(engine.plan(v(1)).loads).toBe(1);
    expect(manager.status(v(1))?.inUse).toBe(50);
  });

  test('loads at the same time as others', async () => {
    const manager = manage();
    for (const version of [1, 2]) engine.plan(v(version)).hold();
    const both = Promise.all([manager.acquire(v(1), patient), manager.acquire(v(2), patient)]);
    await settle();
    expect(states(manager)).toEqual({ 'm/1': 'loading', 'm/2': 'loading' });
    for (const version of [2, 1]) engine.plan(v(version)).letGo();
    expect(await both).toHaveLength(2);
  });

  test('says while it loads how far it is', async () => {
    const manager = manage();
    engine.plan(v(1)).progress = ['building the environment: 12 of 30 packages'];
    engine.plan(v(1)).hold();
    void manager.acquire(v(1), patient);
    await settle();
    expect(manager.status(v(1))?.reason).toBe('building the environment: 12 of 30 packages');
    engine.plan(v(1)).letGo();
    await settle();
  });

  test('logs its progress, but not every sentence: the first at once, then the last of each while', async () => {
    const logger = new RecordingLogger();
    const manager = manage({ logger });
    engine.plan(v(1)).progress = Array.from({ length: 100 }, (_, i) => `${i} of 100`);
    engine.plan(v(1)).hold();
    const acquired = manager.acquire(v(1), patient);
    const logged = (): unknown[] =>
      logger.lines.filter(({ message }) => message === 'version loading').map(({ data }) => data);
    await settle();
    expect(logged()).toEqual([{ ...v(1), progress: '0 of 100' }]);
    await clock.advance(2_000);
    await clock.advance(5_000);
    expect(logged()).toEqual([
      { ...v(1), progress: '0 of 100' },
      { ...v(1), progress: '99 of 100' },
    ]);
    engine.plan(v(1)).letGo();
    await acquired;
  });
});

describe('waiting for a load', () => {
  test('ends after waitMs with VERSION_LOADING and when to come back, and the load goes on', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const waiting = manager.acquire(v(1), { ...patient, waitMs: 7_000 });
    const ended = expect(waiting).rejects.toMatchObject({
      code: 'VERSION_LOADING',
      facts: { retryAfterSeconds: 7 },
    });
    await clock.advance(7_000);
    await ended;
    engine.plan(v(1)).letGo();
    await settle();
    expect(states(manager)).toEqual({ 'm/1': 'available' });
    await use(manager, v(1));
    expect(engine.plan(v(1)).loads).toBe(1);
  });

  test('ends when the caller leaves, and the load goes on', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const caller = new AbortController();
    const waiting = manager.acquire(v(1), { signal: caller.signal, waitMs: 1_000 });
    await settle();
    caller.abort();
    await expect(waiting).rejects.toThrow(code('CALLER_LEFT'));
    engine.plan(v(1)).letGo();
    await settle();
    expect(manager.status(v(1))).toMatchObject({ state: 'available', inUse: 0 });
    expect(clock.pending).toBe(0);
  });

  test('does not begin for a caller who has left', async () => {
    const manager = manage();
    const left = manager.acquire(v(1), { signal: AbortSignal.abort(), waitMs: 1_000 });
    await expect(left).rejects.toThrow(code('CALLER_LEFT'));
    await settle();
    expect(engine.events).toEqual([]);
  });

  test('that outlasts the deadline of the caller is no fault of theirs', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const caller = new AbortController();
    const waiting = manager.acquire(v(1), { signal: caller.signal, waitMs: 1_000 });
    await settle();
    caller.abort(new DOMException('deadline', 'TimeoutError'));
    await expect(waiting).rejects.toThrow(code('VERSION_LOADING'));
  });
});

describe('letting go', () => {
  test('takes the least recently used when more are up than the limit', async () => {
    const manager = manage({ maxVersions: 2 });
    await use(manager, v(1), v(2), v(1), v(3));
    expect([...engine.live]).toEqual(['m/1', 'm/3']);
    expect(manager.status(v(2))).toMatchObject({
      state: 'unloaded',
      reason: 'let go: more than 2 of its model were up, and it was the least recently used',
    });
  });

  test('counts each model for itself, and all together under maxLoaded', async () => {
    const manager = manage({ maxVersions: 2, maxLoaded: 3 });
    await use(manager, v(1), v(2), v(1, 'n'));
    expect(engine.live.size).toBe(3);
    await use(manager, v(2, 'n'));
    expect([...engine.live]).toEqual(['m/2', 'n/1', 'n/2']);
  });

  test('happens only after the new version is up', async () => {
    const manager = manage({ maxVersions: 1 });
    await use(manager, v(1), v(2));
    expect(engine.events).toEqual(['load m/1', 'loaded m/1', 'load m/2', 'loaded m/2', 'unload m/1']);
  });

  test('a failed load keeps what serves', async () => {
    const manager = manage({ maxVersions: 1 });
    await use(manager, v(1));
    engine.plan(v(2)).fail();
    await expect(manager.acquire(v(2), patient)).rejects.toThrow(code('VERSION_LOAD_FAILED'));
    await settle();
    expect([...engine.live]).toEqual(['m/1']);
  });

  test('never takes a version in use; it goes when its handle comes back', async () => {
    const manager = manage({ maxVersions: 1 });
    const first = await manager.acquire(v(1), patient);
    const second = await manager.acquire(v(2), patient);
    await settle();
    expect(engine.live.size).toBe(2);
    first[Symbol.dispose]();
    await settle();
    expect([...engine.live]).toEqual(['m/2']);
    second[Symbol.dispose]();
  });

  test('never takes what is pinned, however long ago it was used', async () => {
    const manager = manage({ maxVersions: 1, maxLoaded: 1 });
    manager.pin('m', ['1']);
    await settle();
    await use(manager, v(2), v(3), v(4));
    expect([...engine.live]).toEqual(['m/1']);
  });

  test('takes a version whose pin has moved like any other', async () => {
    const manager = manage({ maxVersions: 1 });
    manager.pin('m', ['1']);
    await settle();
    manager.pin('m', ['2']);
    await settle();
    expect(engine.live.size).toBe(2);
    await use(manager, v(3));
    expect([...engine.live]).toEqual(['m/2', 'm/3']);
  });

  test('takes a preferred version only when there are too many over all models', async () => {
    const manager = manage({ maxVersions: 1, maxLoaded: 2 });
    manager.prefer('m', ['1']);
    await settle();
    expect(engine.events).toEqual([]);
    await use(manager, v(1), v(2));
    expect([...engine.live]).toEqual(['m/1', 'm/2']);
    await use(manager, v(1, 'n'));
    expect([...engine.live]).toEqual(['m/2', 'n/1']);
  });

  test('is taken back when a request comes before it has begun', async () => {
    const manager = manage({ maxVersions: 1 });
    let revived: Promise<Handle> | undefined;
    manager.subscribe(({ version, state }) => {
      if (version === '1' && state === 'draining') revived ??= manager.acquire(v(1), patient);
    });
    await use(manager, v(1), v(2));
    expect(engine.plan(v(1))).toMatchObject({ loads: 1, unloads: 0 });
    expect((await revived)?.ref).toEqual(v(1));
    expect([...engine.live]).toEqual(['m/1']);
  });

  test('that has begun is waited for, and then the version loads anew', async () => {
    const manager = manage({ maxVersions: 1 });
    const gone: PromiseWithResolvers<void> = Promise.withResolvers();
    engine.plan(v(1)).beforeUnload = () => gone.promise;
    await use(manager, v(1), v(2));
    const again = manager.acquire(v(1), patient);
    await settle();
    expect(manager.status(v(1))?.state).toBe('unloading');
    gone.resolve();
    expect((await again).ref).toEqual(v(1));
    expect(engine.plan(v(1))).toMatchObject({ loads: 2, unloads: 1 });
    expect(engine.misuses).toEqual([]);
  });

  test('counts a version as used until its last handle is given back', async () => {
    const manager = manage({ maxVersions: 2 });
    const first = await manager.acquire(v(1), patient);
    await use(manager, v(2));
    first[Symbol.dispose]();
    await use(manager, v(3));
    expect([...engine.live]).toEqual(['m/1', 'm/3']);
    using last = await manager.acquire(v(1), patient);
    await use(manager, v(4));
    expect([...engine.live]).toEqual([`m/${last.ref.version}`, 'm/4']);
  });

  test('goes on when a version does not unload cleanly', async () => {
    const broken = engine.loaderFor(v(1));
    const loaderFor: ManagerOptions['loaderFor'] = (ref) => ({
      async load(signal, progress) {
        if (ref.version !== '1') return engine.loaderFor(ref).load(signal, progress);
        const servable = await broken.load(signal, progress);
        return Object.assign(Object.create(servable) as typeof servable, {
          unload: () => Promise.reject(new Error('stuck')),
        });
      },
    });
    const manager = manage({ maxVersions: 1, loaderFor });
    await use(manager, v(1), v(2), v(3));
    expect(states(manager)).toEqual({ 'm/1': 'unloaded', 'm/2': 'unloaded', 'm/3': 'available' });
  });
});

describe('a load that fails', () => {
  test('gives its own reason, and 503 at once until the back-off is over', async () => {
    const manager = manage();
    engine.plan(v(1)).fail(countersignError('PYTHON_NOT_FOUND', '3.11'));
    const failed = expect.objectContaining({
      code: 'VERSION_LOAD_FAILED',
      message: expect.stringContaining('No Python was found (3.11). Install Python 3.10') as string,
      facts: expect.objectContaining({ retryAfterSeconds: 5 }) as object,
    }) as Error;
    await expect(manager.acquire(v(1), patient)).rejects.toEqual(failed);
    await expect(manager.acquire(v(1), patient)).rejects.toEqual(failed);
    expect(engine.plan(v(1)).loads).toBe(1);
    expect(manager.status(v(1))).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('No Python') as string,
    });
  });

  test('is tried again on demand after a back-off that doubles up to its maximum', async () => {
    const manager = manage({ backoff: { initialMs: 1_000, maxMs: 3_000 } });
    engine.plan(v(1)).fail();
    const waits = [];
    for (const waitMs of [1_000, 2_000, 3_000, 3_000]) {
      await expect(manager.acquire(v(1), patient)).rejects.toThrow(code('VERSION_LOAD_FAILED'));
      await clock.advance(waitMs - 1);
      await expect(manager.acquire(v(1), patient)).rejects.toThrow(code('VERSION_LOAD_FAILED'));
      waits.push(engine.plan(v(1)).loads);
      await clock.advance(1);
    }
    expect(waits).toEqual([1, 2, 3, 4]);
    engine.plan(v(1)).heal();
    await use(manager, v(1));
    expect(states(manager)).toEqual({ 'm/1': 'available' });
    await use(manager, v(2), v(3));
    engine.plan(v(1)).fail();
    await expect(manager.acquire(v(1), patient)).rejects.toMatchObject({ facts: { retryAfterSeconds: 1 } });
  });

  test('is not tried again by itself unless it is pinned', async () => {
    const manager = manage();
    manager.pin('m', ['1']);
    for (const version of [1, 2]) engine.plan(v(version)).fail();
    await expect(manager.acquire(v(2), patient)).rejects.toThrow(code('VERSION_LOAD_FAILED'));
    engine.plan(v(1)).heal();
    await clock.advance(5_000);
    expect(states(manager)).toEqual({ 'm/1': 'available', 'm/2': 'failed' });
    expect(engine.plan(v(2)).loads).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('keeps words that are not ours in the log', async () => {
    const manager = manage();
    engine.plan(v(1)).fail(new Error('/home/someone/secret'));
    await expect(manager.acquire(v(1), patient)).rejects.toThrow(/^(?!.*secret)/u);
    expect(manager.status(v(1))?.reason).toBe(
      'Something unexpected went wrong; the server log has the trace.',
    );
  });

  test('may be a loader that cannot even be made', async () => {
    const manager = manage({
      loaderFor: () => {
        throw countersignError('NO_ENGINE', 'm', '1', 'none fits');
      },
    });
    await expect(manager.acquire(v(1), patient)).rejects.toThrow('none fits');
  });
});

describe('states', () => {
  test('are published after they are true on the way up and before on the way down', async () => {
    const manager = manage({ maxVersions: 1 });
    const seen: string[] = [];
    manager.subscribe(({ version, state }) => {
      if (version === '1') seen.push(`${state}, ${engine.live.has('m/1') ? 'alive' : 'not alive'}`);
    });
    await use(manager, v(1), v(2));
    expect(seen).toEqual([
      'loading, not alive',
      'available, alive',
      'draining, alive',
      'unloading, alive',
      'unloaded, not alive',
    ]);
  });

  test('are told until the listener leaves, and a listener that throws harms nobody', async () => {
    const manager = manage();
    let calls = 0;
    const leave = manager.subscribe(() => {
      calls++;
      throw new Error('listener');
    });
    await use(manager, v(1));
    leave();
    await use(manager, v(2));
    expect(calls).toBe(2);
  });
});

describe('close', () => {
  test('waits for handles, unloads everything and takes no new requests', async () => {
    const manager = manage();
    await use(manager, v(1));
    const [handle, other] = [await manager.acquire(v(2), patient), await manager.acquire(v(2), patient)];
    const closed = manager.close(30_000);
    other[Symbol.dispose]();
    await settle();
    expect([...engine.live]).toEqual(['m/2']);
    await expect(manager.acquire(v(1), patient)).rejects.toThrow(code('SERVER_STOPPING'));
    handle[Symbol.dispose]();
    expect(await closed).toBe(true);
    expect(engine.live.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('goes on after drainMs and says that not all handles came back', async () => {
    const manager = manage();
    const handle = await manager.acquire(v(1), patient);
    const closed = manager.close(30_000);
    await clock.advance(29_999);
    expect(engine.live.size).toBe(1);
    await clock.advance(1);
    expect(await closed).toBe(false);
    expect(engine.live.size).toBe(0);
    handle[Symbol.dispose]();
  });

  test('waits for what is unloading', async () => {
    const manager = manage();
    const gone: PromiseWithResolvers<void> = Promise.withResolvers();
    engine.plan(v(1)).beforeUnload = () => gone.promise;
    await use(manager, v(1));
    let closed = false;
    const closing = manager.close(1_000).then(() => (closed = true));
    await settle();
    expect(closed).toBe(false);
    gone.resolve();
    await closing;
  });

  test('stops loads, waits for them and turns their callers away', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const waiting = expect(manager.acquire(v(1), patient)).rejects.toThrow(code('SERVER_STOPPING'));
    await settle();
    expect(await manager.close(1_000)).toBe(true);
    await waiting;
    expect(states(manager)).toEqual({ 'm/1': 'unloaded' });
  });

  test('is safe to call twice, and nothing is retried or loaded after it', async () => {
    const manager = manage();
    engine.plan(v(1)).fail();
    manager.pin('m', ['1']);
    await settle();
    expect(await Promise.all([manager.close(10), manager.close(0)])).toEqual([true, true]);
    manager.pin('m', ['1', '2']);
    await clock.advance(600_000);
    expect(engine.events).toEqual(['load m/1']);
  });
});

test('a handle is given back once, however often it is disposed', async () => {
  const manager = manage();
  const [first, second] = await Promise.all([manager.acquire(v(1), patient), manager.acquire(v(1), patient)]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(manager.status(v(1))?.inUse).toBe(1);
  second[Symbol.dispose]();
  expect(manager.status(v(1))?.inUse).toBe(0);
});

describe('a version that is renewed', () => {
  const again = (manager: Manager): void => {
    manager.renew(v(1), 'registered again');
  };

  test('loads anew for whoever asks next, and what was up goes', async () => {
    const manager = manage();
    await use(manager, v(1));
    again(manager);
    expect(manager.status(v(1))).toMatchObject({ state: 'registered', reason: 'registered again', loads: 0 });
    expect(manager.take(v(1))).toBeNull();
    await settle();
    expect(engine.events).toEqual(['load m/1', 'loaded m/1', 'unload m/1']);
    await use(manager, v(1));
    expect(engine.events.slice(3)).toEqual(['load m/1', 'loaded m/1']);
    expect(manager.statuses()).toHaveLength(1);
  });

  test('is loaded at once where it is pinned', async () => {
    const manager = manage();
    manager.pin('m', ['1']);
    await settle();
    again(manager);
    await settle();
    expect(engine.plan(v(1)).loads).toBe(2);
    expect(states(manager)).toEqual({ 'm/1': 'available' });
  });

  test('stays up for the requests that have it, beside the new one', async () => {
    engine.allowsTwins = true;
    const manager = manage();
    const old = await manager.acquire(v(1), patient);
    again(manager);
    const fresh = await manager.acquire(v(1), patient);
    await settle();
    expect(fresh.servable).not.toBe(old.servable);
    expect(engine.plan(v(1))).toMatchObject({ loads: 2, unloads: 0 });
    old[Symbol.dispose]();
    await settle();
    expect(engine.plan(v(1)).unloads).toBe(1);
    expect(manager.status(v(1))).toMatchObject({ state: 'available', inUse: 1 });
    fresh[Symbol.dispose]();
    expect(engine.misuses).toEqual([]);
  });

  test('is not loaded for a request that gives back what was up before', async () => {
    const manager = manage();
    const old = await manager.acquire(v(1), patient);
    again(manager);
    old[Symbol.dispose]();
    await settle();
    expect(engine.plan(v(1)).loads).toBe(1);
    expect(states(manager)).toEqual({ 'm/1': 'registered' });
  });

  test('while it loads: who waits gets that load, who comes later the next', async () => {
    const manager = manage();
    engine.plan(v(1)).hold();
    const early = manager.acquire(v(1), patient);
    await settle();
    again(manager);
    const late = manager.acquire(v(1), patient);
    await settle();
    expect(engine.plan(v(1)).loads).toBe(2);
    engine.plan(v(1)).letGo();
    const [first, second] = await Promise.all([early, late]);
    expect(first.servable).not.toBe(second.servable);
    first[Symbol.dispose]();
    await settle();
    expect(engine.plan(v(1)).unloads).toBe(1);
    second[Symbol.dispose]();
  });

  test('is tried at once though the one before failed', async () => {
    const manager = manage();
    engine.plan(v(1)).fail();
    await expect(manager.acquire(v(1), patient)).rejects.toEqual(code('VERSION_LOAD_FAILED'));
    engine.plan(v(1)).heal();
    again(manager);
    await use(manager, v(1));
    expect(states(manager)).toEqual({ 'm/1': 'available' });
  });

  test('is waited for when the manager closes', async () => {
    const manager = manage();
    const old = await manager.acquire(v(1), patient);
    again(manager);
    await settle();
    const closing = manager.close(1_000);
    await settle();
    expect(engine.live.size).toBe(1);
    old[Symbol.dispose]();
    expect(await closing).toBe(true);
    expect(engine.live.size).toBe(0);
    expect(engine.misuses).toEqual([]);
  });

  test('means nothing of a version nobody asked for', () => {
    const manager = manage();
    again(manager);
    expect(manager.statuses()).toEqual([]);
  });
});
