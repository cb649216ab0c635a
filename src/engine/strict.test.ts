import { describe, expect, test } from 'vitest';
import { FakeEngine } from '../../test/fakes/fake-engine.ts';
import { noParams } from '../payload/payload.ts';
import type { PredictCall } from './engine.ts';
import { strictLoader } from './strict.ts';
import { callerOf } from '../util/caller.ts';

const ref = { model: 'm', version: '1' };
const never = new AbortController().signal;
const staying = callerOf(never);
const quiet = (): void => undefined;
const call: PredictCall = { input: { kind: 'value', value: 7 }, params: noParams, requestId: 'r' };

describe('strictLoader', () => {
  test('passes load, progress, predict, streams and what the servable says of itself through', async () => {
    const engine = new FakeEngine();
    const plan = engine.plan(ref);
    plan.progress = ['half way'];
    plan.stream = () => [1, 2];
    plan.memoryBytes = 64;
    const said: string[] = [];
    const servable = await strictLoader(engine.loaderFor(ref)).load(never, (sentence) => said.push(sentence));
    expect(said).toEqual(['half way']);
    expect(await servable.predict(call, staying)).toEqual(call.input);
    const items = [];
    for await (const item of servable.predictStream(call, staying)) items.push(item);
    expect(items).toEqual([1, 2]);
    expect(servable).toMatchObject({ engine: 'python', executors: 1, streams: true, memoryBytes: 64 });
    expect(servable.detail).toBe('a fake of m/1');
  });

  test('has what reads raw requests only where the engine has it, and only before unload', async () => {
    const engine = new FakeEngine();
    const without = await strictLoader(engine.loaderFor(ref)).load(never, quiet);
    expect(without.invoke).toBeUndefined();
    await without.unload();
    engine.plan(ref).invoke = ({ body }) => ({ status: 200, contentType: 'text/plain', body });
    const raw = { body: Uint8Array.of(1), contentType: null, exact: true, requestId: 'r' };
    const servable = await strictLoader(engine.loaderFor(ref)).load(never, quiet);
    expect(await servable.invoke?.(raw, staying)).toMatchObject({ body: raw.body });
    await servable.unload();
    await expect(servable.invoke?.(raw, staying)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('a loader loads once; a second try is an error and reaches no engine', async () => {
    const engine = new FakeEngine();
    const loader = strictLoader(engine.loaderFor(ref));
    await loader.load(never, quiet);
    await expect(loader.load(never, quiet)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(engine.plan(ref).loads).toBe(1);
  });

  test('a load whose signal has aborted reaches no engine', async () => {
    const engine = new FakeEngine();
    const load = strictLoader(engine.loaderFor(ref)).load(AbortSignal.abort(new Error('stop')), quiet);
    await expect(load).rejects.toThrow('stop');
    expect(engine.events).toEqual([]);
  });

  test('what comes up after its signal aborted is unloaded, and the load rejects', async () => {
    const engine = new FakeEngine();
    const controller = new AbortController();
    const deaf = engine.loaderFor(ref);
    const loader = strictLoader({
      async load() {
        controller.abort(new Error('stop'));
        return deaf.load(never, quiet);
      },
    });
    await expect(loader.load(controller.signal, quiet)).rejects.toThrow('stop');
    expect(engine.live.size).toBe(0);
  });

  test('a servable unloads once, and nothing reaches the engine afterwards', async () => {
    const engine = new FakeEngine();
    const servable = await strictLoader(engine.loaderFor(ref)).load(never, quiet);
    await Promise.all([servable.unload(), servable.unload()]);
    await expect(servable.predict(call, staying)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(() => servable.predictStream(call, staying)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
    expect(engine.plan(ref).unloads).toBe(1);
    expect(engine.misuses).toEqual([]);
  });
});
