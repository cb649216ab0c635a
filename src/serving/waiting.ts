import { countersignError } from '../errors/countersign-error.ts';
import type { Clock } from '../util/clock.ts';
import type { AcquireOptions, Handle } from './manager.ts';
import type { Version, Waiter } from './version.ts';

/**
 * Waits until the version is up, its load fails, `waitMs` are over or the caller leaves. Only the waiting ends then,
 * never the load.
 */
export function waitFor(version: Version, options: AcquireOptions, clock: Clock): Promise<Handle> {
  const { signal, waitMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Handle>();
  const leave = (): void => {
    cancel();
    signal.removeEventListener('abort', onAbort);
    version.waiters.delete(waiter);
  };
  const giveUp = (error: Error): void => {
    leave();
    reject(error);
  };
  const waiter: Waiter = {
    up(lend) {
      leave();
      resolve(lend());
    },
    refuse: giveUp,
  };
  const onAbort = (): void => {
    giveUp(whyLeft(version, signal, clock));
  };
  const cancel = clock.after(waitMs, () => {
    giveUp(stillLoading(version, clock));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  version.waiters.add(waiter);
  return promise;
}

/** The error for a caller whose signal aborted; a deadline that passed while the version loads is no fault of theirs. */
export function whyLeft(version: Version, signal: AbortSignal, clock: Clock): Error {
  const reason: unknown = signal.reason;
  const late = reason instanceof DOMException && reason.name === 'TimeoutError';
  return late ? stillLoading(version, clock) : countersignError('CALLER_LEFT').with({ cause: reason });
}

/** Advises to come back after as long again as the load has taken so far: 1 to 30 seconds. */
function stillLoading({ ref, phase }: Version, clock: Clock): Error {
  const elapsedMs = phase.state === 'loading' ? clock.monotonicMs() - phase.startedAt : 0;
  const retryAfterSeconds = Math.min(30, Math.max(1, Math.ceil(elapsedMs / 1000)));
  return countersignError('VERSION_LOADING', ref.model, ref.version).with({ retryAfterSeconds });
}
