import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';

export interface AccessLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Most lines a second about requests that went well. */
  readonly perSecond: number;
}

/** What is logged of a request that has ended. */
export interface AccessLine {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly model: string | null;
  readonly version: string | null;
  readonly code: string | null;
  /** Where the request is in the traces. */
  readonly traceId?: string;
}

const secondMs = 1000;

/**
 * A line for each request. Of those that went well no more than so many a second: on a busy server their lines say
 * nothing that the metrics do not, and cost as much as reading the requests. What was left out is counted in a line.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  #second = 0;
  #logged = 0;
  #left = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** `quiet` requests come every few seconds from machines: they are logged at debug. */
  ended(line: AccessLine, quiet: boolean): void {
    const { logger } = this.#options;
    if (quiet) logger.debug(line, 'request');
    else if (line.status >= 400 || this.#hasRoom()) logger.info(line, 'request');
    else this.#leaveOut();
  }

  #hasRoom(): boolean {
    const second = Math.floor(this.#options.clock.monotonicMs() / secondMs);
    if (second !== this.#second) this.#logged = 0;
    this.#second = second;
    return ++this.#logged <= this.#options.perSecond;
  }

  #leaveOut(): void {
    const { clock, logger } = this.#options;
    if (this.#left++ > 0) return;
    clock.after(secondMs, () => {
      logger.info({ requests: this.#left }, 'more requests went well than are logged');
      this.#left = 0;
    });
  }
}
