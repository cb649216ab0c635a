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
      this.#observer.stage(name, this.#clock.monotonicMs() - began);
    }
  }

  /** For what may need waiting, or not. */
  either<Result>(name: string, job: () => Result | Promise<Result>): Result | Promise<Result> {
    const made = this.run(name, job);
    return made instanceof Promise ? this.wait(name, () => made) : made;
  }

  async wait<Result>(name: string, job: () => Promise<Result>): Promise<Result> {
    const began = this.#clock.monotonicMs();
    try {
      return await job();
    } finally {
      this.#observer.stage(name, this.#clock.monotonicMs() - began);
    }
  }
}
