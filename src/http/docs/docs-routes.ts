import type { Endpoint } from '../../endpoint/endpoint.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { HttpOptions } from '../options.ts';
import { identifier } from '../openapi/documented-model.ts';
import { errorsPath } from '../problem.ts';
import type { Route } from '../route.ts';
import { endpointOf } from '../target.ts';
import { modelLinks, versionView } from '../views.ts';
import { readAsset } from './assets.ts';
import { errorsPage } from './errors-page.ts';
import type { Html } from './html.ts';
import { modelHeader, overviewHeader } from './headers.ts';
import { assetPath, referencePage } from './page.ts';

/** Models with a link in the header of /docs; the rest is in /models. */
const maxLinks = 30;

/** Everything the pages load is from here: no other host, no inline script. Swagger UI sets inline styles. */
const security: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The reference pages; they work without any other host. */
export function docsRoutes(options: HttpOptions): readonly Route[] {
  const get = (
    path: string,
    handle: (exchange: Exchange, options: HttpOptions) => Answer | Promise<Answer>,
  ): Route => ({
    method: 'GET',
    path,
    protocol: 'serve',
    handle: (exchange) => handle(exchange, options),
  });
  return [
    get('/docs', overview),
    get('/models/:name/docs', model),
    get(errorsPath, () => page(errorsPage())),
    { ...get(`${assetPath}/:file`, asset), quiet: true, slash: 'none' },
  ];
}

async function overview(exchange: Exchange, { catalogue }: HttpOptions): Promise<Answer> {
  const names = [...(await catalogue.names(exchange.signal))].sort();
  const [only] = names;
  if (only !== undefined && names.length === 1) {
    const endpoint = exchange.found(await catalogue.endpoint(only, exchange.signal));
    return modelPage(endpoint, '/openapi.json', exchange.signal);
  }
  const header = overviewHeader(names.slice(0, maxLinks), names.length, catalogue.defaultName);
  return page(referencePage({ title: 'API reference', header, openapi: '/openapi.json', open: null }));
}

async function model(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const endpoint = await endpointOf(exchange, options);
  return modelPage(endpoint, modelLinks(endpoint.name).openapi, exchange.signal);
}

async function modelPage(endpoint: Endpoint, openapi: string, signal: AbortSignal): Promise<Answer> {
  const { name } = endpoint;
  const description = await endpoint.describe(signal);
  const versions = await endpoint.versions(signal);
  const header = modelHeader(description, versions.map(versionView));
  const open = { tag: name, operation: `${identifier(name, new Set())}.serve` };
  return page(referencePage({ title: name, header, openapi, open }));
}

function page(content: Html): Answer {
  return {
    contentType: 'text/html; charset=utf-8',
    headers: security,
    body: `<!doctype html>\n${content.text}`,
  };
}

async function asset({ method, path, params }: Exchange): Promise<Answer> {
  const found = await readAsset(params['file'] ?? '');
  if (found === null) throw countersignError('ROUTE_NOT_FOUND', method, path.slice(0, 200));
  return {
    contentType: found.contentType,
    headers: { ...security, 'cache-control': 'public, max-age=3600' },
    body: found.body,
  };
}
