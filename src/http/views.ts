import type { Difference } from '../contract/contract.ts';
import { writeSignature } from '../contract/write.ts';
import type { Endpoint, EndpointDescription, EndpointTerms, EndpointVersion } from '../endpoint/endpoint.ts';
import type { CountersignError } from '../errors/countersign-error.ts';
import { publicMessage } from './problem.ts';

/** The JSON of the routes that tell what is served; `openapi/view-schemas.ts` says the same as schemas. */

/** `GET /models` */
export interface ModelsView {
  /** Who owns the short routes. */
  readonly defaultModel: string | null;
  readonly models: readonly (ModelView | UnreadableView)[];
  /** Path of the next page; null at the end. */
  readonly next: string | null;
}

/** `GET /models/{name}` */
export interface ModelView {
  readonly name: string;
  readonly description: string | null;
  /** The version that pins the contract. */
  readonly default: string;
  readonly aliases: Readonly<Record<string, string>>;
  /** The default is loaded and answers. */
  readonly ready: boolean;
  readonly links: ModelLinks;
}

export interface ModelLinks {
  readonly serve: string;
  readonly invocations: string;
  readonly contract: string;
  readonly versions: string;
  readonly openapi: string;
  readonly docs: string;
}

/** A model of the registry whose metadata cannot be read. */
export interface UnreadableView {
  readonly name: string;
  readonly error: { readonly code: string; readonly detail: string };
}

/** `GET /models/{name}/contract` and `GET /models/{name}/versions/{v}/contract` */
export interface ContractView {
  readonly model: string;
  /** The version whose signature it is. */
  readonly version: string;
  /** In MLflow's grammar, parsed; null when the model has none and is served untyped. */
  readonly signature: Readonly<Record<string, unknown>> | null;
  readonly mlflowVersion: string | null;
  /** Whether answers are known to fit the signature, and how or why not. */
  readonly verified: { readonly ok: boolean; readonly reason: string };
}

/** `GET /models/{name}/versions` */
export interface VersionsView {
  readonly model: string;
  readonly default: string;
  readonly versions: readonly VersionView[];
}

export interface VersionView {
  readonly version: string;
  readonly aliases: readonly string[];
  readonly state: string;
  readonly reason: string;
  readonly engine: string | null;
  /** How it runs, in a sentence, once it is loaded. */
  readonly detail: string | null;
  readonly memoryBytes: number | null;
  readonly batching: { readonly enabled: boolean; readonly reason: string };
  /** `unknown` until the version was looked at. */
  readonly compatibility: 'identical' | 'compatible' | 'incompatible' | 'unknown';
  readonly differences: readonly Difference[];
  readonly verified: { readonly ok: boolean; readonly reason: string } | null;
}

export function modelView(description: EndpointDescription, endpoint: Endpoint): ModelView {
  const { name, description: text, default: version, aliases } = description;
  return {
    name,
    description: text,
    default: version,
    aliases,
    ready: endpoint.ready(),
    links: modelLinks(name),
  };
}

/** Paths of one model's routes. */
export function modelLinks(name: string): ModelLinks {
  const base = modelPath(name);
  return {
    serve: `${base}/serve`,
    invocations: `${base}/invocations`,
    contract: `${base}/contract`,
    versions: `${base}/versions`,
    openapi: `${base}/openapi.json`,
    docs: `${base}/docs`,
  };
}

export function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name.toWellFormed())}`;
}

export function unreadableView(name: string, error: CountersignError): UnreadableView {
  return { name, error: { code: error.code, detail: publicMessage(error) } };
}

export function contractView(terms: EndpointTerms): ContractView {
  const { contract, mlflowVersion, verified } = terms;
  const signature = contract.signature === null ? null : writeSignature(contract.signature);
  return { model: contract.model, version: contract.version, signature, mlflowVersion, verified };
}

export function versionView(row: EndpointVersion): VersionView {
  const { status, comparison } = row;
  return {
    version: row.version,
    aliases: row.aliases,
    state: status?.state ?? 'registered',
    reason: status?.reason ?? 'not asked for yet',
    engine: status?.engine ?? null,
    detail: status?.detail ?? null,
    memoryBytes: status?.memoryBytes ?? null,
    batching: row.batching,
    compatibility: comparison?.verdict ?? 'unknown',
    differences: comparison?.differences ?? [],
    verified: row.verified,
  };
}
