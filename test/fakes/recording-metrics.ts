import { type HttpMetrics, type RequestMetric } from '../../src/http/options.ts';

/** Keeps what it was told. */
export class RecordingMetrics implements HttpMetrics {
  readonly requests: RequestMetric[] = [];
  readonly stages: string[] = [];

  request(request: RequestMetric): void {
    this.requests.push(request);
  }

  stage(name: string): void {
    this.stages.push(name);
  }

  render(): Promise<{ contentType: string; body: string }> {
    return Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: '# metrics\n' });
  }
}
