import type { VersionRef } from '../registry.ts';
import type { Failure } from '../http-client.ts';
import type { Store, TrackingStore } from '../store.ts';
import { decoded, joinUri, schemeOf } from '../uri.ts';

export interface UriStores {
  readonly registry: Store;
  readonly tracking: TrackingStore;
}

/**
 * Follows `models:/` and `runs:/` URIs, which a version's source may be, to where the files are.
 * MLFLOW.md section 7 has their forms.
 */
export async function physicalUri(
  uri: string,
  stores: UriStores,
  signal: AbortSignal,
  fail: Failure,
): Promise<string> {
  let current = uri;
  // A copied version points to another one; a chain of more than a few is a circle.
  for (let hops = 0; hops < 8; hops += 1) {
    const scheme = schemeOf(current);
    if (scheme !== 'models' && scheme !== 'runs') return current;
    const path = decoded(current.slice(scheme.length + 1).replace(/^\/+/, ''));
    const next =
      scheme === 'runs' ? await runUri(path, stores, signal) : await modelsUri(path, stores, signal);
    if (next === null) throw fail(`its source ${current} does not exist`);
    current = next;
  }
  throw fail(`its source ${uri} goes in a circle`);
}

/** `RUN_ID/path`: a model the run logged under that name (MLflow 3), else the run's own artifacts. */
async function runUri(path: string, stores: UriStores, signal: AbortSignal): Promise<string | null> {
  const [runId = '', name = '', ...rest] = path.split('/');
  const run = await stores.tracking.run(runId, signal);
  if (run === null) return null;
  const logged = run.models.find((model) => model.name === name);
  return logged === undefined
    ? joinUri(run.artifactUri, [name, ...rest].join('/'))
    : joinUri(logged.artifactUri, rest.join('/'));
}

/** `m-ID` or `NAME/VERSION`, each with a path inside; aliases and stages are for callers, not for sources. */
async function modelsUri(path: string, stores: UriStores, signal: AbortSignal): Promise<string | null> {
  const [model = '', second, ...rest] = path.split('/');
  if (second === undefined || isLoggedModelId(model)) {
    const uri = await stores.tracking.loggedModel(model, signal);
    return uri === null ? null : joinUri(uri, [second ?? '', ...rest].join('/'));
  }
  const version: VersionRef = { model, version: second };
  const uri = await stores.registry.locate(version, signal);
  return uri === null ? null : joinUri(uri, rest.join('/'));
}

/** `m-` and 32 hexadecimal digits, as MLflow 3 names what `log_model` logged. */
export function isLoggedModelId(text: string): boolean {
  return /^m-[0-9a-f]{32}$/.test(text);
}
