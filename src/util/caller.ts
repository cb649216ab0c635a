/** Whoever waits for an answer, and may leave before it is there. */
export interface Caller {
  /** Why it left; null while it waits. */
  readonly left: { readonly reason: unknown } | null;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
  /** Calls back with the reason when the caller leaves, at once if that is so already. Returns the way to forget it. */
  onLeave(listener: (reason: unknown) => void): () => void;
}

type Listener = (reason: unknown) => void;

/**
 * A caller who leaves when it is said so. Its signal is made for who asks for it: in most requests that is nobody, and
 * a signal with its listeners costs as much as reading a small body.
 */
export class LeavableCaller implements Caller {
  #controller: AbortController | null = null;
  #listeners: Listener[] = [];
  #left: { readonly reason: unknown } | null = null;

  get left(): { readonly reason: unknown } | null {
    return this.#left;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#left !== null) this.#controller.abort(this.#left.reason);
    }
    return this.#controller.signal;
  }

  onLeave(listener: Listener): () => void {
    if (this.#left === null) this.#listeners.push(listener);
    else listener(this.#left.reason);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  leave(reason: unknown): void {
    if (this.#left !== null) return;
    this.#left = { reason };
    this.#controller?.abort(reason);
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }
}

/** A caller who is known by a signal alone. */
export function callerOf(signal: AbortSignal): Caller {
  return {
    get left() {
      return signal.aborted ? { reason: signal.reason as unknown } : null;
    },
    signal,
    onLeave(listener) {
      const onAbort = (): void => {
        listener(signal.reason);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      return () => {
        signal.removeEventListener('abort', onAbort);
      };
    },
  };
}
