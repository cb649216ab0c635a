import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { RayScale } from '../../config/ray-options.ts';
import type { Artifact, VersionMetadata, VersionRef } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import type { Engine, Loadable, Loader, VersionFiles } from '../engine.ts';
import type { ClusterEnvManager } from './choose-environment.ts';
import type { Cluster } from './cluster.ts';
import type { TokenSource } from './token.ts';
import type { AskedReplica } from './way.ts';

export interface RayEngineOptions {
  /** `http://HEAD:8265`, Ray's dashboard; null is refused when the engine is first used. */
  readonly address: string | null;
  readonly tokenSource: TokenSource;
  /** The directory that holds the Python package `countersign_host`. */
  readonly hostDirectory: string;
  readonly scaleFor: (model: string) => RayScale;
  /** Versions that each replica keeps loaded beside the default. */
  readonly maxVersions: number;
  /** Told of each answer. */
  readonly onAsked?: (asked: AskedReplica) => void;
  readonly envManager: ClusterEnvManager;
  /** The default of its model stays loaded in every replica. */
  readonly isDefault: (ref: VersionRef) => boolean;
  /** An application of an environment that nobody used for so long is removed. Default: 15 minutes. */
  readonly idleApplicationMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How one application is reached at the moment. */
export interface ApplicationView {
  readonly application: string;
  readonly way: 'direct' | 'proxy';
  /** Which way and why: "directly to 2 replicas". */
  readonly sentence: string;
  /** As they told of themselves. */
  readonly replicas: readonly { readonly id: string; readonly loads: number }[];
}

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
