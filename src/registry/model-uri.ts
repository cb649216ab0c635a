import { countersignError } from '../errors/countersign-error.ts';
import { isLoggedModelId } from './artifacts/physical-uri.ts';
import type { ModelSummary, Registry, VersionRef } from './registry.ts';
import type { ArtifactRegistry } from './store-registry.ts';
import { canonicalVersion } from './store.ts';
import { decoded, joinUri, schemeOf, withoutCredentials } from './uri.ts';

/** What a model URI names: a version of a registry. */
export interface ResolvedModel {
  /** The registry it was asked of, or one that holds just this model. Closing either closes both. */
  readonly registry: Registry;
  readonly version: VersionRef;
}

/**
 * Resolves what MLflow users give to `-m`.
 *
 *     models:/NAME/2, models:/NAME@ALIAS, models:/NAME/latest, models:/NAME/Production     a registered version
 *     models:/m-ID, runs:/RUN_ID/path, a folder, file:, s3://...                           version 1 of `name`
 *
 * Errors: MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND, INVALID_OPTION.
 */
export async function resolveModelUri(
  registry: ArtifactRegistry,
  uri: string,
  signal: AbortSignal,
  name = 'model',
): Promise<ResolvedModel> {
  if (schemeOf(uri) !== 'models') return ofArtifact(registry, uri, name);
  const [subject = '', ...rest] = modelPath(uri);
  if (isLoggedModelId(subject)) return ofArtifact(registry, uri, name);
  const at = subject.lastIndexOf('@');
  if (at > 0) {
    const version = await byAlias(registry, subject.slice(0, at), subject.slice(at + 1), signal);
    return inside(registry, version, rest, name, signal);
  }
  const [suffix, ...path] = rest;
  if (suffix === undefined || suffix === '') throw notAModelUri(uri, subject);
  return inside(registry, await bySuffix(registry, subject, suffix, signal), path, name, signal);
}

function ofArtifact(registry: ArtifactRegistry, uri: string, name: string): ResolvedModel {
  return { registry: registry.ofArtifact(uri, name), version: { model: name, version: '1' } };
}

function modelPath(uri: string): readonly string[] {
  const path = decoded(uri.replace(/^models:/i, ''));
  if (!path.startsWith('/') || path.startsWith('//')) throw notAModelUri(uri, 'NAME');
  return path.slice(1).replace(/\/+$/, '').split('/');
}

async function byAlias(
  registry: Registry,
  model: string,
  alias: string,
  signal: AbortSignal,
): Promise<VersionRef> {
  const summary = await registry.model(model, signal);
  if (alias.toLowerCase() === 'latest') return newest(summary, alias, () => true);
  const version = Object.entries(summary.aliases).find(([each]) => each === alias)?.[1];
  if (version === undefined)
    throw countersignError('ALIAS_NOT_FOUND', model, alias, Object.keys(summary.aliases));
  return { model, version };
}

/** A version, `latest` in any case, or a stage in any case: then the newest version in it. */
async function bySuffix(
  registry: Registry,
  model: string,
  suffix: string,
  signal: AbortSignal,
): Promise<VersionRef> {
  const summary = await registry.model(model, signal);
  const number = canonicalVersion(suffix);
  const wanted = suffix.toLowerCase();
  if (number !== null) return newest(summary, number, (each) => each.version === number);
  if (wanted === 'latest') return newest(summary, suffix, () => true);
  return newest(summary, `in stage ${suffix}`, (each) => (each.stage ?? 'None').toLowerCase() === wanted);
}

function newest(
  summary: ModelSummary,
  said: string,
  fits: (version: ModelSummary['versions'][number]) => boolean,
): VersionRef {
  const found = summary.versions.find(fits);
  if (found !== undefined) return { model: summary.name, version: found.version };
  const known = summary.versions.map((each) => each.version);
  throw countersignError('VERSION_NOT_FOUND', summary.name, said, known);
}

/** A model inside a version's artifact is an artifact like any other. */
async function inside(
  registry: ArtifactRegistry,
  version: VersionRef,
  path: readonly string[],
  name: string,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  if (path.length === 0) return { registry, version };
  return ofArtifact(registry, joinUri(await registry.locate(version, signal), path.join('/')), name);
}

function notAModelUri(uri: string, model: string): Error {
  const forms = ['latest', '2'].map((suffix) => `models:/${model}/${suffix}`).join(', ');
  const what = `${withoutCredentials(uri)} names no version; write ${forms} or models:/${model}@ALIAS`;
  return countersignError('INVALID_OPTION', '--model-uri', what);
}
