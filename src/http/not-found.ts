import { countersignError } from '../errors/countersign-error.ts';
import { type Answer, redirect } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { mlflowDetail } from './mlflow-error.ts';

/** Below these, nothing of MLflow's can be meant. */
const ours =
  /^\/(?:serve|docs|openapi\.json|livez|readyz|metrics|models\/[^/]+\/(?:serve|contract|openapi\.json|versions|aliases|docs))(?:\/|$)/;

/** The root of the server, and of a model's base URL. */
const root = /^\/(?:models\/[^/]+\/)?$/;

/**
 * A path that does not exist. A model's base URL is a drop-in for MLflow's server, so what MLflow does not know
 * either is answered as MLflow answers it, with a Link to the docs; the rest gets a problem document. A browser
 * at a root is sent to the docs.
 */
export function notFound(exchange: Exchange): Answer {
  const { method, path } = exchange;
  if (ours.test(path)) throw countersignError('ROUTE_NOT_FOUND', method, path.slice(0, 200));
  if (method === 'GET' && root.test(path) && isBrowser(exchange)) return redirect(302, `${path}docs`);
  return { ...mlflowDetail(404, 'Not Found'), headers: { link: '</docs>; rel="help"' } };
}

function isBrowser({ headers }: Exchange): boolean {
  return (headers.accept ?? '').includes('text/html');
}
