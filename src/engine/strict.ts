import { countersignError } from '../errors/countersign-error.ts';
import type { Loader, Servable } from './engine.ts';

/**
 * Wraps any loader so that engines stay simple: it loads once, what comes up after its signal aborted is
 * unloaded again, its servable unloads once, and nothing reaches the engine after that.
 */
export function strictLoader(loader: Loader): Loader {
  let used = false;
  return {
    async load(signal, progress) {
      if (used) throw countersignError('INTERNAL').with({ cause: 'a loader was used twice' });
      used = true;
      signal.throwIfAborted();
      const servable = strictServable(await loader.load(signal, progress));
      if (signal.aborted) await servable.unload();
      signal.throwIfAborted();
      return servable;
    },
  };
}

function strictServable(inner: Servable): Servable {
  let unloading: Promise<void> | undefined;
  const tooLate = (): Error => countersignError('INTERNAL').with({ cause: 'predict after unload' });
  const { invoke } = inner;
  return {
    engine: inner.engine,
    get executors() {
      return inner.executors;
    },
    streams: inner.streams,
    onEventLoop: inner.onEventLoop === true,
    get detail() {
      return inner.detail;
    },
    get memoryBytes() {
      return inner.memoryBytes;
    },
    predict: (call, caller) =>
      unloading === undefined ? inner.predict(call, caller) : Promise.reject(tooLate()),
    predictStream(call, caller) {
      if (unloading !== undefined) throw tooLate();
      return inner.predictStream(call, caller);
    },
    ...(invoke !== undefined && {
      invoke: (call, caller) => (unloading === undefined ? invoke(call, caller) : Promise.reject(tooLate())),
    }),
    unload: () => (unloading ??= inner.unload()),
  };
}
