import type { Clock } from '../../src/util/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Lets everything that can run without time passing run: promise chains and the turns of the event loop they need. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  readonly #start: number;
  #now: number;
  #timers: readonly Timer[] = [];

  /** @param start Milliseconds since the epoch; default 2030-01-01. */
  constructor(start: number = Date.UTC(2030, 0, 1)) {
    this.#start = start;
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now - this.#start;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers = [...this.#timers, timer];
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers wait; zero at the end of a test means that nothing was left behind. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time forward, runs what falls due in order of time and, within that, of setting, and settles after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#nextDue(end); timer !== undefined; timer = this.#nextDue(end)) {
      this.#now = Math.max(this.#now, timer.at);
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #nextDue(end: number): Timer | undefined {
    const due = this.#timers.filter((timer) => timer.at <= end);
    return due.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    );
  }
}
