import { type PredictCall } from '../engine/engine.ts';
import { leftError } from '../engine/leaving.ts';
import { type Payload } from '../payload/payload.ts';

/** What of a request decides whom it may go with. */
export interface Fit {
  /** Requests of one key may share a predict; null: this one goes alone. */
  readonly key: string | null;
  readonly rows: number;
}

/** A request that the batcher has taken and not answered yet. */
export class WaitingCall implements Fit {
  readonly call: PredictCall;
  readonly signal: AbortSignal;
  readonly key: string | null;
  readonly rows: number;
  /** Monotonic, in milliseconds. */
  readonly arrivedMs: number;
  readonly answer: Promise<Payload>;
  /** What it means that the caller leaves: another thing in the queue, in company, and alone. */
  whenLeft: (() => void) | null = null;
  readonly #resolve: (answer: Payload) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort = (): void => {
    this.whenLeft?.();
  };

  constructor(call: PredictCall, signal: AbortSignal, fit: Fit, arrivedMs: number) {
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    this.call = call;
    this.signal = signal;
    this.key = fit.key;
    this.rows = fit.rows;
    this.arrivedMs = arrivedMs;
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  succeed(answer: Payload): void {
    this.#forget();
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    this.#forget();
    this.#reject(error);
  }

  /** Ends it with the reason of its signal. */
  leave(): void {
    this.fail(leftError(this.signal, 0));
  }

  #forget(): void {
    this.whenLeft = null;
    this.signal.removeEventListener('abort', this.#onAbort);
  }
}
