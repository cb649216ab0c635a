/** Time as the rest of the code sees it; tests hold it with `test/fakes/fake-clock.ts`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go backwards, for durations. */
  monotonicMs(): number;
  /** Calls back once after `ms`. Returns the way to cancel it. */
  after(ms: number, callback: () => void, options?: TimerOptions): () => void;
}

export interface TimerOptions {
  /** The process stays alive for it. Default false: a timeout or a sweep is no reason to go on. */
  readonly keepsAlive?: boolean;
}

/** 24.8 days; nothing here waits longer in earnest. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, callback, options) {
    // Node fires a longer timer at once.
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    if (options?.keepsAlive !== true) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal, options?: TimerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(
      ms,
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      options,
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
