import type { Holder, WaitingCall } from './waiting-call.ts';

/**
 * The requests that share a predict, as long as somebody waits for it. One who leaves while others stay gets its error
 * at once; when the last leaves the predict itself is aborted, and that one waits for it to end, because its handle is
 * all that keeps the servable up.
 */
export class Company implements Holder {
  readonly #controller = new AbortController();
  readonly #present: Set<WaitingCall>;

  constructor(members: readonly WaitingCall[]) {
    this.#present = new Set(members);
    for (const member of members) {
      member.holder = this;
      if (member.signal.aborted) this.left(member);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Those who still wait. */
  remaining(): readonly WaitingCall[] {
    return [...this.#present];
  }

  left(member: WaitingCall): void {
    if (this.#present.size > 1) {
      this.#present.delete(member);
      member.leave();
    } else if (this.#present.has(member)) {
      this.#controller.abort(member.signal.reason);
    }
  }
}
