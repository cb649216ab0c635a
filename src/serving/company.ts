import { type Caller, LeavableCaller } from '../util/caller.ts';
import type { Holder, WaitingCall } from './waiting-call.ts';

/**
 * The requests that share a predict, as long as somebody waits for it. One who leaves while others stay gets its error
 * at once; when the last leaves the predict itself is aborted, and that one waits for it to end, because its handle is
 * all that keeps the servable up.
 */
export class Company implements Holder {
  readonly #caller = new LeavableCaller();
  readonly #present: Set<WaitingCall>;

  constructor(members: readonly WaitingCall[]) {
    this.#present = new Set(members);
    for (const member of members) {
      member.holder = this;
      const { left } = member.caller;
      if (left !== null) this.left(member, left.reason);
    }
  }

  /** All of them as one. */
  get caller(): Caller {
    return this.#caller;
  }

  /** Those who still wait. */
  remaining(): readonly WaitingCall[] {
    return [...this.#present];
  }

  left(member: WaitingCall, reason: unknown): void {
    if (this.#present.size > 1) {
      this.#present.delete(member);
      member.leave(reason);
    } else if (this.#present.has(member)) {
      this.#caller.leave(reason);
    }
  }
}
