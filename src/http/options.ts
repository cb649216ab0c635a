import { type Codec } from '../codec/codec.ts';
import { type Catalogue } from '../endpoint/endpoint.ts';
import { type Logger } from '../telemetry/logger.ts';
import { type Clock } from '../util/clock.ts';

/** What the HTTP room tells the metrics, and where it gets the page of /metrics. */
export interface HttpMetrics {
  request(request: RequestMetric): void;
  /** A stage of a request ended. */
  stage(name: string, durationMs: number): void;
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface RequestMetric {
  /** Null until the request found its model; the same for the version. */
  readonly model: string | null;
  readonly version: string | null;
  /** The route's pattern, such as `/models/:name/serve`; `unmatched` when there is none. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface HttpOptions {
  readonly catalogue: Catalogue;
  readonly serveCodec: Codec;
  readonly mlflowCodec: Codec;
  readonly logger: Logger;
  readonly metrics: HttpMetrics;
  readonly clock: Clock;
  /** A longer body is answered with 413 BODY_TOO_LARGE. */
  readonly maxBodyBytes: number;
  /** Take the caller's `x-request-id` over. Default true: the gateway usually stands behind a proxy that sets it. */
  readonly trustRequestId?: boolean;
}
