import { resolve } from 'node:path';

import type { Logger } from '../telemetry/logger.ts';
import { systemClock } from '../util/clock.ts';
import { ArtifactCache } from './artifacts/cache.ts';
import { SchemeOpener } from './artifacts/opener.ts';
import { defaultArtifactsDestination, registryUris, type RegistryUris } from './defaults.ts';
import { HelperProcess, type HelperOptions } from './helper/helper-process.ts';
import { HttpClient, type Environment } from './http-client.ts';
import { StoreRegistry, type ArtifactRegistry } from './store-registry.ts';
import { openStore, storeKind } from './stores/open-store.ts';
import { VersionArtifacts } from './version-artifacts.ts';

export interface RegistryOptions {
  /** Null: MLFLOW_TRACKING_URI, else MLflow's own default. */
  readonly trackingUri: string | null;
  /** Null: MLFLOW_REGISTRY_URI, else the tracking URI. */
  readonly registryUri: string | null;
  /** Folder or URI behind `mlflow-artifacts:/`, read directly; null asks the tracking server. */
  readonly artifactsDestination: string | null;
  /** Downloads go to `artifacts/` below it. */
  readonly cacheDir: string;
  /** Interpreter with MLflow, for stores and artifacts that are not read natively; null if there is none. */
  readonly python: string | null;
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly cwd: string;
  readonly logger: Logger;
}

/**
 * The registry that the options and MLflow's own environment variables name. Nothing is read yet: one that is
 * down is told by the first question. Errors: REGISTRY_UNSUPPORTED for a URI that names nothing.
 */
export async function openRegistry(options: RegistryOptions): Promise<ArtifactRegistry> {
  const uris = registryUris(options);
  const { cwd, env, logger } = options;
  const clock = systemClock;
  const servers = [uris.tracking, uris.registry].filter((uri) => storeKind(uri) === 'rest');
  const http = new HttpClient(servers, env, clock);
  const helperOptions = helperOptionsOf(options, uris);
  const helper = new HelperProcess(helperOptions);

  const parts = { cwd, env, clock, http, helper };
  const registry = openStore(uris.registry, parts);
  const tracking = uris.tracking === uris.registry ? registry : openStore(uris.tracking, parts);

  const server = storeKind(uris.tracking) === 'rest' ? uris.tracking : null;
  const destination =
    options.artifactsDestination ?? (server === null ? defaultArtifactsDestination(cwd) : null);
  const stores = { registry, tracking };
  const opener = new SchemeOpener({ ...parts, server, destination, stores, helperOptions });
  const cache = new ArtifactCache(resolve(cwd, options.cacheDir), clock);
  const artifacts = new VersionArtifacts({ identity: registry.identity, opener, cache });
  logger.debug({ tracking: tracking.uri, registry: registry.uri }, 'registry opened');
  return Promise.resolve(new StoreRegistry(registry, artifacts, () => opener.close()));
}

/**
 * What MLflow's client in the helper is opened for. A store that is read natively stays out of it: MLflow would
 * open, and perhaps migrate, a database of which nothing is asked.
 */
function helperOptionsOf(options: RegistryOptions, uris: RegistryUris): HelperOptions {
  const native = (uri: string): boolean => storeKind(uri) !== 'helper';
  const registry = native(uris.registry) ? null : uris.registry;
  const databricks = registry?.startsWith('databricks') === true ? 'databricks' : registry;
  const tracking = native(uris.tracking) ? databricks : uris.tracking;
  return {
    python: options.python,
    env: options.env,
    stores: { tracking_uri: tracking, registry_uri: registry ?? tracking },
  };
}
