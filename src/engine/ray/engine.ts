import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Artifact, VersionMetadata } from '../../registry/registry.ts';
import type { Engine, Loadable, Loader, VersionFiles } from '../engine.ts';
import type { ApplicationView, Cluster, RayEngineOptions } from './cluster.ts';

export interface RayEngine extends Engine {
  /** Whether the cluster can be reached at all. Errors: INVALID_OPTION, RAY_UNREACHABLE, RAY_TOKEN_REFUSED. */
  check(signal: AbortSignal): Promise<void>;
  /** What requests went to. */
  applications(): readonly ApplicationView[];
}

/**
 * Versions on a Ray cluster, one Ray Serve application per model. The application outlives the engine, and others may
 * share it: whatever is let go here stays there.
 */
export function createRayEngine(options: RayEngineOptions): RayEngine {
  let cluster: Cluster | null = null;
  // Only who uses a cluster loads its client.
  const connect = async (): Promise<Cluster> => {
    const { Cluster } = await import('./cluster.ts');
    return (cluster ??= new Cluster(options));
  };
  const loaderFrom = (metadata: VersionMetadata, files: VersionFiles): Loader => ({
    load: async (signal, progress) => (await connect()).load({ metadata, files, signal, progress }),
  });
  return {
    name: 'ray',
    canLoad,
    loader: (metadata, artifact) => loaderFrom(metadata, localFiles(artifact)),
    loaderFrom,
    check: async (signal) => (await connect()).check(signal),
    applications: () => cluster?.applications() ?? [],
    close: async () => cluster?.close(),
  };
}

function canLoad({ flavors }: VersionMetadata): Loadable {
  if (Object.hasOwn(flavors, 'python_function')) return { ok: true };
  return { ok: false, reason: 'it has no python_function flavor' };
}

function localFiles(artifact: Artifact): VersionFiles {
  return {
    remoteUri: () => Promise.resolve(null),
    read: (path) => readFile(join(artifact.directory, path)).catch(() => null),
    fetch: () => Promise.resolve(artifact),
  };
}
