import { openLink, type Isolation, type Link } from './link.ts';
import type { Answer, SessionSettings, WireTensor } from './messages.ts';

/** What became of a question. */
export type Outcome = Answer | { readonly kind: 'gone'; readonly reason: string };

/** One session in a thread or process of its own. One question at a time. */
export class Executor {
  /** Resolves when the thread or process has ended. */
  readonly gone: Promise<void>;
  readonly #link: Link;
  #waiting: ((outcome: Outcome) => void) | null = null;
  #reason: string | null = null;

  constructor(isolation: Isolation) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.gone = promise;
    this.#link = openLink(isolation, {
      onAnswer: (answer) => {
        this.#settle(answer);
      },
      onGone: (reason) => {
        this.#reason = reason;
        this.#settle({ kind: 'gone', reason });
        resolve(undefined);
      },
    });
  }

  load(path: string, settings: SessionSettings): Promise<Outcome> {
    return this.#ask(() => {
      this.#link.post({ kind: 'load', path, settings });
    });
  }

  /** The buffers of the feeds are given away. */
  run(feeds: readonly WireTensor[]): Promise<Outcome> {
    return this.#ask(() => {
      this.#link.post({ kind: 'run', feeds });
    });
  }

  /** Ends it, a thread after what it is running. Safe to call twice. */
  end(): Promise<void> {
    if (this.#reason === null) this.#link.end();
    return this.gone;
  }

  #ask(post: () => void): Promise<Outcome> {
    return new Promise((resolve) => {
      if (this.#reason !== null) {
        resolve({ kind: 'gone', reason: this.#reason });
        return;
      }
      this.#waiting = resolve;
      post();
    });
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(outcome);
  }
}
