import type { CountersignError } from '../../errors/countersign-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';

/** What a pool keeps. */
export interface Member {
  /** Resolves as soon as it can be used no more. */
  readonly gone: Promise<void>;
  /** How it ended, for the log. */
  story(): Promise<string>;
  /** Ends it; safe to call twice, and when it is gone. */
  stop(): Promise<void>;
}

export interface PoolOptions<M extends Member> {
  readonly size: number;
  /** Makes one member; called again for each that is lost. */
  readonly start: (signal: AbortSignal) => Promise<M>;
  /** The error of those who wait when a lost member cannot be replaced and nothing else is left. */
  readonly lost: () => CountersignError;
  /** A member that was lost has a successor. */
  readonly onReplaced?: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Waiter<M> {
  readonly take: (member: M) => void;
  readonly fail: (error: CountersignError) => void;
}

const firstRetryMs = 200;
const longestRetryMs = 30_000;

/**
 * Lends its members, one borrower each, first come first served. A member that is lost is replaced: at once
 * the first time, then with growing pauses until one has done some work again.
 */
export class Pool<M extends Member> {
  readonly #options: PoolOptions<M>;
  readonly #members = new Set<M>();
  readonly #idle: M[] = [];
  readonly #waiting: Waiter<M>[] = [];
  readonly #closing = new AbortController();
  #lossesInARow = 0;

  private constructor(options: PoolOptions<M>) {
    this.#options = options;
  }

  /** All members up, or none: what was started is stopped when one fails or `signal` aborts. */
  static async open<M extends Member>(options: PoolOptions<M>, signal: AbortSignal): Promise<Pool<M>> {
    const pool = new Pool(options);
    // One failure is enough to know; the others need not finish.
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const starts = Array.from({ length: options.size }, async () => {
      try {
        pool.#admit(await options.start(either));
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
    await Promise.allSettled(starts);
    if (!either.aborted) return pool;
    await pool.close();
    throw either.reason;
  }

  get members(): readonly M[] {
    return [...this.#members];
  }

  /**
   * A member that nobody else has, until it is given back. `first` goes before all who wait: for work that was
   * already under way. Rejects with what `left` makes of an aborted signal.
   */
  borrow(signal: AbortSignal, left: () => CountersignError, first = false): Promise<M> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(left());
        return;
      }
      const idle = this.#idle.shift();
      if (idle !== undefined) {
        resolve(idle);
        return;
      }
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(left());
      };
      const settle = (): void => {
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<M> = {
        take: (member) => {
          settle();
          resolve(member);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (first) this.#waiting.unshift(waiter);
      else this.#waiting.push(waiter);
    });
  }

  /** Gives a member back that has done its work. */
  giveBack(member: M): void {
    if (!this.#members.has(member)) return;
    this.#lossesInARow = 0;
    this.#offer(member);
  }

  /** The member is about to be lost through no fault of its own: it is replaced without a pause. */
  excuse(): void {
    this.#lossesInARow = 0;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const waiter of this.#waiting.splice(0)) waiter.fail(this.#options.lost());
    this.#idle.length = 0;
    await Promise.all(this.members.map((member) => member.stop()));
  }

  #offer(member: M): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#idle.push(member);
    else waiter.take(member);
  }

  #admit(member: M): void {
    this.#members.add(member);
    void member.gone.then(() => {
      this.#lose(member);
    });
    this.#offer(member);
  }

  #lose(member: M): void {
    this.#members.delete(member);
    const at = this.#idle.indexOf(member);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#closing.signal.aborted) return;
    void member.story().then((how) => {
      this.#options.logger.warn({ how }, 'a worker ended; it is replaced');
    });
    this.#replaceLater();
  }

  #replaceLater(): void {
    const pauseMs = this.#lossesInARow === 0 ? 0 : firstRetryMs * 2 ** (this.#lossesInARow - 1);
    this.#lossesInARow += 1;
    const cancel = this.#options.clock.after(Math.min(pauseMs, longestRetryMs), () => {
      this.#closing.signal.removeEventListener('abort', cancel);
      void this.#replace();
    });
    this.#closing.signal.addEventListener('abort', cancel, { once: true });
  }

  async #replace(): Promise<void> {
    try {
      const member = await this.#options.start(this.#closing.signal);
      if (this.#closing.signal.aborted) await member.stop();
      else {
        this.#admit(member);
        this.#options.onReplaced?.();
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.logger.error({ err: error }, 'a worker could not be replaced; it is tried again');
      if (this.#members.size === 0) for (const waiter of this.#waiting.splice(0)) waiter.fail(this.#options.lost());
      this.#replaceLater();
    }
  }
}
