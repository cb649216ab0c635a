import type { Clock } from '../util/clock.ts';
import type { CallObserver } from './endpoint.ts';

/** Times the stages of one call, whether they end well or not. */
export class Stages {
  readonly #observer: CallObserver;
  readonly #clock: Clock;

  constructor(observer: CallObserver, clock: Clock) {
    this.#observer = observer;
    this.#clock = clock;
  }

  /** For what needs no waiting: a promise for each would cost as much as some of the stages. */
  run<Result>(name: string, job: () => Result): Result {
    const began = this.#clock.monotonicMs();
    try {
      return job();
    } finally {
      this.#ended(name, began);
    }
  }

  /** For what may need waiting, or not. */
  either<Result>(name: string, job: () => Result | Promise<Result>): Result | Promise<Result> {
    const began = this.#clock.monotonicMs();
    let made: Result | Promise<Result>;
    try {
      made = job();
    } catch (error) {
      this.#ended(name, began);
      throw error;
    }
    if (made instanceof Promise) return this.#awaited(name, began, () => made);
    this.#ended(name, began);
    return made;
  }

  /** For what always needs waiting. */
  wait<Result>(name: string, job: () => Promise<Result>): Promise<Result> {
    return this.#awaited(name, this.#clock.monotonicMs(), job);
  }

  async #awaited<Result>(name: string, began: number, job: () => Promise<Result>): Promise<Result> {
    try {
      return await job();
    } finally {
      this.#ended(name, began);
    }
  }

  #ended(name: string, began: number): void {
    this.#observer.stage(name, this.#clock.monotonicMs() - began);
  }
}
