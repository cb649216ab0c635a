import type { Codec } from '../codec/codec.ts';
import type { Catalogue } from '../endpoint/endpoint.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Clock } from '../util/clock.ts';

/** What the HTTP room tells the metrics, and where it gets the page of /metrics. */
export type HttpMetrics = Pick<Metrics, 'requestBegan' | 'requestEnded' | 'stage' | 'render'>;

export interface HttpOptions {
  readonly catalogue: Catalogue;
  readonly serveCodec: Codec;
  readonly mlflowCodec: Codec;
  readonly logger: Logger;
  readonly metrics: HttpMetrics;
  /** Null: nobody asked for traces. */
  readonly tracing?: Tracing | null;
  readonly clock: Clock;
  /** A longer body is answered with 413 BODY_TOO_LARGE. */
  readonly maxBodyBytes: number;
  /** Most log lines a second about requests that went well. Default: no limit. */
  readonly accessLogRate?: number;
  /** Take the caller's `x-request-id` over. Default true: the gateway usually stands behind a proxy that sets it. */
  readonly trustRequestId?: boolean;
}
