interface Flight<Result> {
  readonly result: Promise<Result>;
  readonly listeners: Set<(sentence: string) => void>;
  readonly abort: AbortController;
  lastSentence: string | null;
}

/**
 * Runs one job per key however many ask, each with a signal and a progress listener of its own. The job is
 * aborted when the last one who asked has left; one who leaves earlier disturbs nobody.
 */
export class SharedBuilds<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  async run(
    key: string,
    signal: AbortSignal,
    progress: (sentence: string) => void,
    job: (signal: AbortSignal, progress: (sentence: string) => void) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, job);
    // A set of functions would count two callers with the same listener once.
    const listener = (sentence: string): void => {
      progress(sentence);
    };
    flight.listeners.add(listener);
    if (flight.lastSentence !== null) progress(flight.lastSentence);
    try {
      return await withSignal(flight.result, signal);
    } catch (error) {
      flight.listeners.delete(listener);
      if (flight.listeners.size === 0 && signal.aborted) {
        this.#forget(key, flight);
        flight.abort.abort(signal.reason);
        // Whoever left last waits until everything it started is gone.
        await flight.result.catch(() => undefined);
      }
      throw error;
    }
  }

  #start(
    key: string,
    job: (signal: AbortSignal, progress: (sentence: string) => void) => Promise<Result>,
  ): Flight<Result> {
    const abort = new AbortController();
    const listeners = new Set<(sentence: string) => void>();
    const say = (sentence: string): void => {
      flight.lastSentence = sentence;
      for (const listener of listeners) listener(sentence);
    };
    // Deferred by a turn, so that `say` never runs before `flight` exists.
    const result = Promise.resolve().then(() => job(abort.signal, say));
    const flight: Flight<Result> = { result, listeners, abort, lastSentence: null };
    this.#flights.set(key, flight);
    const done = (): void => {
      this.#forget(key, flight);
    };
    result.then(done, done);
    return flight;
  }

  #forget(key: string, flight: Flight<Result>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

function withSignal<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
