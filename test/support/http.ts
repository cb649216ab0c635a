import type { FastifyInstance } from 'fastify';

import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { echoCodec } from '../fakes/echo-codec.ts';
import { FakeCatalogue, FakeEndpoint } from '../fakes/fake-catalogue.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { RecordingLogger } from '../fakes/recording-logger.ts';
import { RecordingMetrics } from '../fakes/recording-metrics.ts';

/** The real HTTP server over fakes. */
export interface TestServer {
  readonly app: FastifyInstance;
  readonly metrics: RecordingMetrics;
  readonly logger: RecordingLogger;
}

export function testServer(
  endpoints: readonly Endpoint[] = [new FakeEndpoint()],
  options: Partial<HttpOptions> = {},
): TestServer {
  const metrics = new RecordingMetrics();
  const logger = new RecordingLogger();
  const app = createHttpServer({
    catalogue: new FakeCatalogue(endpoints),
    serveCodec: echoCodec('serve'),
    mlflowCodec: echoCodec('mlflow'),
    logger,
    metrics,
    clock: new FakeClock(),
    maxBodyBytes: 1_000,
    ...options,
  });
  return { app, metrics, logger };
}
