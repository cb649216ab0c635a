import { type Answer, json } from './answer.ts';
import type { HttpOptions } from './options.ts';
import type { Route } from './route.ts';

/** `/livez`: the process answers. `/readyz`: the pinned default of every named model answers. `/metrics`: Prometheus. */
export function operationsRoutes(options: HttpOptions): readonly Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({
    method: 'GET',
    path,
    protocol: 'serve',
    quiet: true,
    handle,
  });
  return [
    get('/livez', () => json({ live: true })),
    get('/readyz', () => ready(options)),
    get('/metrics', () => options.metrics.render()),
  ];
}

function ready({ catalogue }: HttpOptions): Answer {
  const readiness = catalogue.readiness();
  const answer = json(readiness, readiness.ready ? 200 : 503);
  return readiness.ready ? answer : { ...answer, headers: { 'retry-after': '1' } };
}
