import type { Clock } from '../util/clock.ts';
import type { CallObserver } from './endpoint.ts';

/** Times the stages of one call, whether they end well or not. Each begins where the one before has ended. */
export class Stages {
  readonly #observer: CallObserver;
  readonly #clock: Clock;
  #beganMs: number;

  constructor(observer: CallObserver, clock: Clock) {
    this.#observer = observer;
    this.#clock = clock;
    this.#beganMs = clock.monotonicMs();
  }

  /** For what needs no waiting: a promise for each would cost as much as some of the stages. */
  run<Result>(name: string, job: () => Result): Result {
    try {
      return job();
    } finally {
      this.#ended(name);
    }
  }

  /** For what may need waiting, or not. */
  either<Result>(name: string, job: () => Result | Promise<Result>): Result | Promise<Result> {
    let made: Result | Promise<Result>;
    try {
      made = job();
    } catch (error) {
      this.#ended(name);
      throw error;
    }
    if (made instanceof Promise) return this.wait(name, () => made);
    this.#ended(name);
    return made;
  }

  /** For what always needs waiting. */
  async wait<Result>(name: string, job: () => Promise<Result>): Promise<Result> {
    try {
      return await job();
    } finally {
      this.#ended(name);
    }
  }

  #ended(name: string): void {
    const now = this.#clock.monotonicMs();
    this.#observer.stage(name, now - this.#beganMs);
    this.#beganMs = now;
  }
}
