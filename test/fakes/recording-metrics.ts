import type { HttpMetrics } from '../../src/http/options.ts';
import type { RequestObservation } from '../../src/telemetry/metrics.ts';

/** Keeps what it was told. */
export class RecordingMetrics implements HttpMetrics {
  readonly requests: RequestObservation[] = [];
  readonly stages: string[] = [];

  /** Requests that have not ended. */
  running = 0;

  requestBegan(): void {
    this.running += 1;
  }

  requestEnded(request: RequestObservation): void {
    this.running -= 1;
    this.requests.push(request);
  }

  stage(name: string): void {
    this.stages.push(name);
  }

  render(): Promise<{ contentType: string; body: string }> {
    return Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: '# metrics\n' });
  }
}
