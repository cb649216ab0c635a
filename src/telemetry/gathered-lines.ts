import type { Clock } from '../util/clock.ts';

/** Whatever takes lines of text: a stream, or an array in a test. */
export interface LogDestination {
  write(line: string): unknown;
}

/** Long enough for a busy server to gather some hundred lines, and nobody who reads along notices. */
const longestMs = 20;
const mostCharacters = 16_384;

/**
 * Gathers lines and writes them together. Under load a system call for each request's line costs more than all else
 * about logging it. Call `flush` when the process exits.
 */
export class GatheredLines implements LogDestination {
  readonly #destination: LogDestination;
  readonly #clock: Clock;
  #lines = '';
  #cancel: (() => void) | null = null;

  constructor(destination: LogDestination, clock: Clock) {
    this.#destination = destination;
    this.#clock = clock;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= mostCharacters) this.flush();
    else
      this.#cancel ??= this.#clock.after(longestMs, () => {
        this.flush();
      });
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#destination.write(lines);
  }
}
