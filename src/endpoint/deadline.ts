import { leftError } from '../engine/leaving.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { type Caller, LeavableCaller } from '../util/caller.ts';
import type { Clock } from '../util/clock.ts';

/**
 * The one deadline of a request, joined with its caller: who waits leaves with DEADLINE_EXCEEDED when time is up, or
 * with the caller's reason when the caller leaves. Dispose it when the answer is there.
 */
export class Deadline extends LeavableCaller implements Disposable {
  readonly caller: Caller;
  readonly #clock: Clock;
  readonly #endsMs: number;
  readonly #cancel: () => void;
  readonly #forget: () => void;

  constructor(clock: Clock, timeoutMs: number, caller: Caller) {
    super();
    this.caller = caller;
    this.#clock = clock;
    this.#endsMs = clock.monotonicMs() + timeoutMs;
    this.#cancel = clock.after(timeoutMs, () => {
      this.leave(countersignError('DEADLINE_EXCEEDED', timeoutMs));
    });
    this.#forget = caller.onLeave((reason) => {
      this.leave(reason);
    });
  }

  remainingMs(): number {
    return Math.max(0, this.#endsMs - this.#clock.monotonicMs());
  }

  /** The promise, or DEADLINE_EXCEEDED / CALLER_LEFT if that comes first. */
  race<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const forget = this.onLeave((reason) => {
        reject(leftError(reason, 0));
      });
      promise.then(resolve, reject).finally(forget);
    });
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#forget();
  }
}
