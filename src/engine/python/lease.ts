import type { HostMessage } from '../../frames/message.ts';
import type { Clock } from '../../util/clock.ts';
import { isDeadline, leftError } from '../leaving.ts';
import type { Request } from './connection.ts';
import type { Pool } from './pool.ts';
import type { Worker } from './worker.ts';

export interface LeaseSettings {
  readonly pool: Pool<Worker>;
  readonly clock: Clock;
  /** How long the worker may go on after its caller left. */
  readonly abandonedTimeoutMs: number;
  /** Told of a worker that had to be killed at a deadline. */
  readonly onOverdue: (worker: Worker) => void;
}

/** A worker borrowed for one call, which may ask it several things, one after another. */
export class Lease {
  readonly #settings: LeaseSettings;
  readonly #worker: Worker;
  readonly #requestId: string;
  readonly #signal: AbortSignal;
  readonly #startedMs: number;
  /** The question under way, or the last one; of undefined when nothing was asked yet. */
  #reply: Promise<HostMessage | null | undefined> = Promise.resolve(undefined);
  #busy = false;

  private constructor(settings: LeaseSettings, worker: Worker, requestId: string, signal: AbortSignal) {
    this.#settings = settings;
    this.#worker = worker;
    this.#requestId = requestId;
    this.#signal = signal;
    this.#startedMs = settings.clock.monotonicMs();
  }

  /** Waits for a worker; `first` goes before all who wait. Errors: CALLER_LEFT, DEADLINE_EXCEEDED, WORKER_LOST. */
  static async take(settings: LeaseSettings, requestId: string, signal: AbortSignal, first = false): Promise<Lease> {
    const { pool, clock } = settings;
    const startedMs = clock.monotonicMs();
    const worker = await pool.borrow(signal, () => leftError(signal.reason, clock.monotonicMs() - startedMs), first);
    return new Lease(settings, worker, requestId, signal);
  }

  /** The reply, null when the worker died over it; rejects as soon as the caller leaves or time is up. */
  ask(request: Request): Promise<HostMessage | null> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(this.#left());
      };
      if (this.#signal.aborted) {
        onAbort();
        return;
      }
      this.#busy = true;
      this.#signal.addEventListener('abort', onAbort, { once: true });
      const reply = this.#worker.ask(request, this.#requestId).finally(() => {
        this.#busy = false;
        this.#signal.removeEventListener('abort', onAbort);
      });
      this.#reply = reply;
      reply.then(resolve, reject);
    });
  }

  /** Gives the worker back when it has done what it was asked, and `last` after that. Waits for nothing. */
  end(last?: Request): void {
    void this.#end(last);
  }

  async #end(last: Request | undefined): Promise<void> {
    const stop = this.#busy ? this.#killLater() : null;
    // A question that could not be sent at all leaves the worker as it was.
    const reply = await this.#reply.catch(() => undefined);
    const over = reply === null || last === undefined ? reply : await this.#worker.ask(last, this.#requestId);
    stop?.();
    if (over !== null) this.#settings.pool.giveBack(this.#worker);
  }

  #killLater(): () => void {
    return this.#settings.clock.after(this.#settings.abandonedTimeoutMs, () => {
      this.#kill();
    });
  }

  #left(): Error {
    if (this.#busy && isDeadline(this.#signal.reason)) this.#kill();
    return leftError(this.#signal.reason, this.#settings.clock.monotonicMs() - this.#startedMs);
  }

  #kill(): void {
    this.#settings.onOverdue(this.#worker);
    this.#settings.pool.excuse();
    this.#worker.kill();
  }
}
