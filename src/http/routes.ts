import { docsRoutes } from './docs/docs-routes.ts';
import { mlflowRoutes } from './mlflow-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { openapiRoutes } from './openapi/openapi-routes.ts';
import { operationsRoutes } from './operations-routes.ts';
import type { HttpOptions } from './options.ts';
import type { Route } from './route.ts';
import { serveRoutes } from './serve-routes.ts';

/** Every route of the server. */
export function routesOf(options: HttpOptions): readonly Route[] {
  return [
    ...serveRoutes(options),
    ...mlflowRoutes(options),
    ...modelRoutes(options),
    ...openapiRoutes(options),
    ...docsRoutes(options),
    ...operationsRoutes(options),
  ];
}
