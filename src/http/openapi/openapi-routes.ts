import type { Endpoint } from '../../endpoint/endpoint.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { mapBounded } from '../../util/map-bounded.ts';
import { type Answer, json } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { HttpOptions } from '../options.ts';
import type { Route } from '../route.ts';
import { type Target, targetOf } from '../target.ts';
import { modelPath } from '../views.ts';
import { buildDocument } from './document.ts';
import { type DocumentedModel, identifier } from './documented-model.ts';

/** Models in the document of a whole registry; more have their own documents only. */
const maxModels = 50;
/** Look-ups of the registry under way at once. */
const concurrency = 8;

/** `/openapi.json`: all models. Below a model: its contract. Below a version: its own signature. */
export function openapiRoutes(options: HttpOptions): readonly Route[] {
  const get = (
    path: string,
    handle: (exchange: Exchange, options: HttpOptions) => Promise<Answer>,
  ): Route => ({
    method: 'GET',
    path: `${path}/openapi.json`,
    protocol: 'serve',
    handle: (exchange) => handle(exchange, options),
  });
  return [get('', all), get('/models/:name', one), get('/models/:name/versions/:version', one)];
}

async function one(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const target = await targetOf(exchange, options);
  const name = target.endpoint.name;
  const home = modelPath(name);
  const version = exchange.params['version'];
  const base = version === undefined ? home : `${home}/versions/${encodeURIComponent(version)}`;
  const model = await documented(target, base, identifier(name, new Set()), exchange.signal);
  exchange.resolved(name, model.terms.version);
  const title = version === undefined ? name : `${name}, version ${model.terms.version} on its own terms`;
  return json(
    buildDocument({ title, version: model.terms.version, models: [model], notes: [], server: false }),
  );
}

async function all(exchange: Exchange, options: HttpOptions): Promise<Answer> {
  const { catalogue } = options;
  const names = sorted(await catalogue.names(exchange.signal), catalogue.defaultName);
  const shown = names.slice(0, maxModels);
  const ids = new Set<string>();
  const notes: string[] = [];
  const models = await mapBounded(shown, concurrency, async (name) => {
    const id = identifier(name, ids);
    try {
      return await contractOf(name, id, exchange, options);
    } catch (thrown) {
      if (exchange.signal.aborted) throw thrown;
      notes.push(`**${name}** is left out: ${CountersignError.from(thrown).message}`);
      return null;
    }
  });
  if (names.length > maxModels) notes.push(leftOut(names.length));
  const known = models.filter((model) => model !== null);
  return json(buildDocument({ title: 'Models', models: known, notes: notes.sort(), server: true }));
}

/** By name, the default one first. */
function sorted(names: readonly string[], defaultName: string | null): readonly string[] {
  const others = names.filter((name) => name !== defaultName).sort();
  return defaultName === null ? others : [defaultName, ...others];
}

function leftOut(count: number): string {
  return `${String(count)} models are served; the first ${String(maxModels)} are here. Each has its own document: /models/NAME/openapi.json.`;
}

async function contractOf(
  name: string,
  id: string,
  { signal }: Exchange,
  { catalogue }: HttpOptions,
): Promise<DocumentedModel> {
  const endpoint = await catalogue.endpoint(name, signal);
  const base = name === catalogue.defaultName ? '' : modelPath(name);
  return documented({ endpoint, selector: { kind: 'default' }, terms: 'contract' }, base, id, signal);
}

async function documented(
  { endpoint, selector, terms }: Target,
  base: string,
  id: string,
  signal: AbortSignal,
): Promise<DocumentedModel> {
  const description = await endpoint.describe(signal);
  return {
    name: endpoint.name,
    id,
    base,
    description,
    terms: await endpoint.terms(selector, terms, signal),
    selectors: terms === 'own' ? [] : await selectorsOf(endpoint, signal),
  };
}

async function selectorsOf(endpoint: Endpoint, signal: AbortSignal): Promise<readonly string[]> {
  const versions = await endpoint.versions(signal);
  const aliases = versions.flatMap((row) => row.aliases.map((alias) => `@${alias}`));
  return [...versions.map(({ version }) => version).slice(0, 20), ...aliases];
}
