import type { PredictCall } from '../engine/engine.ts';
import { leftError } from '../engine/leaving.ts';
import type { Payload } from '../payload/payload.ts';
import { canJoin } from '../payload/rows.ts';
import type { Caller } from '../util/caller.ts';

/** What of a request decides whom it may go with. */
export interface Fit {
  /** Params of requests that may share a predict are equal; null: this one goes alone. */
  readonly company: string | null;
  readonly rows: number;
}

/** Who has a request at the moment, and is told when its caller leaves. */
export interface Holder {
  left(call: WaitingCall, reason: unknown): void;
}

/** A request that the batcher has taken and not answered yet. */
export class WaitingCall implements Fit {
  readonly call: PredictCall;
  readonly caller: Caller;
  readonly company: string | null;
  readonly rows: number;
  /** Monotonic, in milliseconds. */
  readonly arrivedMs: number;
  readonly answer: Promise<Payload>;
  /** That the caller leaves means another thing in the queue, in company, and alone (null: the engine hears of it). */
  holder: Holder | null;
  readonly #resolve: (answer: Payload) => void;
  readonly #reject: (error: unknown) => void;
  readonly #forgetCaller: () => void;

  constructor(call: PredictCall, caller: Caller, fit: Fit, arrivedMs: number, holder: Holder) {
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    this.call = call;
    this.caller = caller;
    this.company = fit.company;
    this.rows = fit.rows;
    this.arrivedMs = arrivedMs;
    this.answer = promise;
    this.holder = holder;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#forgetCaller = caller.onLeave((reason) => {
      this.holder?.left(this, reason);
    });
  }

  /** Whether it may share a predict with that one. */
  goesWith(other: WaitingCall): boolean {
    return (
      this.company !== null && this.company === other.company && canJoin(this.call.input, other.call.input)
    );
  }

  succeed(answer: Payload): void {
    this.#forget();
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    this.#forget();
    this.#reject(error);
  }

  /** Ends it with the reason of its caller. */
  leave(reason: unknown): void {
    this.fail(leftError(reason, 0));
  }

  #forget(): void {
    this.holder = null;
    this.#forgetCaller();
  }
}
