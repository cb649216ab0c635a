/** How long a failed load is remembered before another try. */
export interface Backoff {
  /** After the first failure. Default 5 000: long enough that a crashing load does not keep a core busy. */
  readonly initialMs: number;
  /** At most. Default 300 000: a mended registry or disk is noticed within five minutes. */
  readonly maxMs: number;
}

export const defaultBackoff: Backoff = { initialMs: 5_000, maxMs: 300_000 };

/** The delay after the `failures`-th failure in a row: doubling, up to the maximum. */
export function backoffMs(failures: number, { initialMs, maxMs }: Backoff): number {
  return Math.min(maxMs, initialMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
}
