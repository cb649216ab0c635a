import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { asText } from '../util/unknown.ts';
import type { Environment } from './http-client.ts';

export interface RegistryUris {
  readonly tracking: string;
  readonly registry: string;
}

interface GivenUris {
  readonly trackingUri: string | null;
  readonly registryUri: string | null;
  readonly env: Environment;
  readonly cwd: string;
}

/** Where the models are when not all is said: MLflow 3.17's own rules. */
export function registryUris(given: GivenUris): RegistryUris {
  const tracking =
    given.trackingUri ?? asText(given.env['MLFLOW_TRACKING_URI']) ?? defaultTracking(given.cwd);
  const registry = given.registryUri ?? asText(given.env['MLFLOW_REGISTRY_URI']);
  return { tracking, registry: registry ?? registryOf(tracking) };
}

/** What `mlflow server` has behind `mlflow-artifacts:/` when it is not told: `./mlartifacts`, if that is there. */
export function defaultArtifactsDestination(cwd: string): string | null {
  const folder = join(cwd, 'mlartifacts');
  return existsSync(folder) ? folder : null;
}

/** `./mlruns` where it holds an experiment, as before MLflow 3.7; else `sqlite:///mlflow.db`. */
function defaultTracking(cwd: string): string {
  const folder = join(cwd, 'mlruns');
  return holdsExperiment(folder) ? folder : 'sqlite:///mlflow.db';
}

export function holdsExperiment(folder: string): boolean {
  try {
    return readdirSync(folder).some(
      (name) => /^\d+$/.test(name) && existsSync(join(folder, name, 'meta.yaml')),
    );
  } catch {
    return false;
  }
}

/** Databricks' registry is Unity Catalog; every other registry is its tracking server. */
function registryOf(tracking: string): string {
  if (tracking === 'databricks') return 'databricks-uc';
  return tracking.startsWith('databricks://')
    ? tracking.replace('databricks://', 'databricks-uc://')
    : tracking;
}
