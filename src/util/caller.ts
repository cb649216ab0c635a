/** Whoever waits for an answer, and may leave before it is there. */
export interface Caller {
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
  /** Calls back with the reason when the caller leaves, at once if that is so already. Returns the way to forget it. */
  onLeave(listener: (reason: unknown) => void): () => void;
}

type Listener = (reason: unknown) => void;

/**
 * The caller of a request. Its signal is made for who asks for it: in most requests that is nobody, and a signal with
 * its listeners costs as much as reading a small body.
 */
export class ConnectedCaller implements Caller {
  #controller: AbortController | null = null;
  #listeners: Listener[] = [];
  #left: { readonly reason: unknown } | null = null;

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
