/** How late the timers of a server's event loop were, in milliseconds. */
export interface LoopDelay {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * What Node's `monitorEventLoopDelay` measures is the time between two ticks of a timer of ten milliseconds (prom-client's
 * default): that much is no delay.
 */
const resolutionMs = 10;

/** Of the time since it was last asked: reading the metrics begins a new window. */
export async function readLoopDelay(origin: string): Promise<LoopDelay> {
  const response = await fetch(`${origin}/metrics`);
  return loopDelayOf(await response.text());
}

export function loopDelayOf(metrics: string): LoopDelay {
  const of = (figure: string): number => {
    const line = new RegExp(`^nodejs_eventloop_lag_${figure}_seconds (\\S+)$`, 'm').exec(metrics);
    return Math.max(0, Number(line?.[1] ?? Number.NaN) * 1000 - resolutionMs);
  };
  return { meanMs: of('mean'), p50Ms: of('p50'), p99Ms: of('p99'), maxMs: of('max') };
}
