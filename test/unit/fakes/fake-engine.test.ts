import { describe, expect, test } from 'vitest';
import type { PredictCall } from '../../../src/engine/engine.ts';
import { noParams } from '../../../src/payload/payload.ts';
import { settle } from '../../fakes/fake-clock.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';
import { callerOf } from '../../../src/util/caller.ts';

const ref = { model: 'm', version: '1' };
const call: PredictCall = { input: { kind: 'value', value: 7 }, params: noParams, requestId: 'r' };
const never = new AbortController().signal;
const staying = callerOf(never);
const load = (engine: FakeEngine, signal = never) => engine.loaderFor(ref).load(signal, () => undefined);

describe('FakeEngine', () => {
  test('loads a servable that echoes, and counts it until it is unloaded', async () => {
    const engine = new FakeEngine();
    const servable = await load(engine);
    expect(await servable.predict(call, staying)).toEqual(call.input);
    expect([...engine.live]).toEqual(['m/1']);
    await servable.unload();
    await servable.unload();
    expect(engine.live.size).toBe(0);
    expect(engine.events).toEqual(['load m/1', 'loaded m/1', 'unload m/1']);
  });

  test('a held load waits until it is let go, and tells its progress before', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).hold();
    engine.plan(ref).progress = ['half way'];
    const said: string[] = [];
    const loading = engine.loaderFor(ref).load(never, (sentence) => said.push(sentence));
    await settle();
    expect([said, engine.live.size]).toEqual([['half way'], 0]);
    engine.plan(ref).letGo();
    await loading;
    expect(engine.live.size).toBe(1);
  });

  test('a held load that is aborted rejects and leaves nothing alive', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).hold();
    const controller = new AbortController();
    const loading = load(engine, controller.signal);
    controller.abort(new Error('stop'));
    await expect(loading).rejects.toThrow('stop');
    expect(engine.live.size).toBe(0);
  });

  test('fails on demand until it is healed', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).fail(new Error('broken'));
    await expect(load(engine)).rejects.toThrow('broken');
    engine.plan(ref).heal();
    await load(engine);
    expect(engine.plan(ref).loads).toBe(2);
  });

  test('an aborted predict rejects as the engine interface says', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).answer = () => new Promise(() => undefined);
    const servable = await load(engine);
    const late = new DOMException('late', 'TimeoutError');
    await expect(servable.predict(call, callerOf(AbortSignal.abort(late)))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await expect(servable.predict(call, callerOf(AbortSignal.abort()))).rejects.toMatchObject({
      code: 'CALLER_LEFT',
    });
  });

  test('notes an unload under a request and a request after the unload', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).answer = () => new Promise(() => undefined);
    const servable = await load(engine);
    void servable.predict(call, staying);
    await servable.unload();
    void servable.predict(call, staying);
    expect(engine.misuses).toEqual(['m/1 unloaded under a request', 'm/1 asked after unload']);
  });

  test('streams the items of its plan', async () => {
    const engine = new FakeEngine();
    engine.plan(ref).stream = () => ['a', 'b'];
    const servable = await load(engine);
    expect(servable.streams).toBe(true);
    const items = [];
    for await (const item of servable.predictStream(call, staying)) items.push(item);
    expect(items).toEqual(['a', 'b']);
  });
});
