import type { Clock } from '../util/clock.ts';
import type { Tracing } from './tracing.ts';

/** Where every copy of OpenTelemetry's API of major version 1 keeps what is registered. */
const registry = Symbol.for('opentelemetry.js.api.1');

/** Whether somebody registered a tracer provider: `startTracing`, or the program that uses us as a library. */
export function isTracerRegistered(): boolean {
  const registered: unknown = Reflect.get(globalThis, registry);
  return typeof registered === 'object' && registered !== null && 'trace' in registered;
}

/** Spans for the tracer provider that is registered; null where none is. */
export async function openTracing(clock: Clock): Promise<Tracing | null> {
  if (!isTracerRegistered()) return null;
  const { createTracing } = await import('./otel-tracing.ts');
  return createTracing(clock);
}
