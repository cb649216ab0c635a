import { leftError } from '../engine/leaving.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Caller } from '../util/caller.ts';
import type { Clock } from '../util/clock.ts';

/** The one deadline of a request, joined with its caller's connection. Dispose it when the answer is there. */
export interface Deadline extends Disposable {
  /** Aborts with DEADLINE_EXCEEDED at the deadline, or with the caller's reason when the caller leaves. */
  readonly signal: AbortSignal;
  readonly caller: Caller;
  remainingMs(): number;
  /** The promise, or DEADLINE_EXCEEDED / CALLER_LEFT if that comes first. */
  race<Result>(promise: Promise<Result>): Promise<Result>;
}

export function startDeadline(clock: Clock, timeoutMs: number, caller: Caller): Deadline {
  const ends = clock.monotonicMs() + timeoutMs;
  // A controller of its own: AbortSignal.any keeps weak references in both directions, at five times the cost.
  const controller = new AbortController();
  const { signal } = controller;
  const cancel = clock.after(timeoutMs, () => {
    controller.abort(countersignError('DEADLINE_EXCEEDED', timeoutMs));
  });
  const forget = caller.onLeave((reason) => {
    controller.abort(reason);
  });
  return {
    signal,
    caller,
    remainingMs: () => Math.max(0, ends - clock.monotonicMs()),
    race: (promise) => raceAbort(promise, signal),
    [Symbol.dispose]() {
      cancel();
      forget();
    },
  };
}

function raceAbort<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(leftError(signal, 0));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
