import { createHash } from 'node:crypto';

import { type RayScale } from '../../config/ray-options.ts';
import { isRecord, type UnknownRecord } from '../../util/unknown.ts';

/** How a model is to stand on the cluster. */
export interface ModelDeployment {
  readonly model: string;
  readonly scale: RayScale;
  /** Versions that a replica keeps loaded. */
  readonly maxVersions: number;
  /** The package that holds the Python host. */
  readonly hostUri: string;
}

const importPath = 'countersign_host.replica:build';
const prefix = 'countersign-';
const longestName = 120;
/** Requests that Ray hands to a replica at once; versions there take them one after another. */
const maxOngoingRequests = 64;
/** Requests that may wait in one of Ray's proxies; one more is 503. */
const maxQueuedRequests = 1000;

/** Of the model, and of no other: any character that a route could misread is written as `=XX`. */
export function applicationName(model: string): string {
  const safe = encodeURIComponent(model)
    .replaceAll(/[!'()*~]/g, hex)
    .replaceAll('%', '=');
  if (safe.length <= longestName) return prefix + safe;
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return `${prefix}${safe.slice(0, longestName)}==${hash}`;
}

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** An application of Ray's declarative config; Ray gives it back as it was written. */
export function applicationConfig({ model, scale, maxVersions, hostUri }: ModelDeployment): UnknownRecord {
  const name = applicationName(model);
  return {
    name,
    route_prefix: `/${name}`,
    import_path: importPath,
    runtime_env: { ...scale.runtimeEnv, working_dir: hostUri },
    args: { model, max_versions: maxVersions },
    deployments: [
      {
        name: 'Replica',
        max_ongoing_requests: maxOngoingRequests,
        max_queued_requests: maxQueuedRequests,
        ...scale.deployment,
      },
    ],
  };
}

/** The model of an application that countersign deployed; null for anybody else's. */
export function modelOf(config: UnknownRecord | null): string | null {
  if (config?.['import_path'] !== importPath || !isRecord(config['args'])) return null;
  const { model } = config['args'];
  return typeof model === 'string' && config['name'] === applicationName(model) ? model : null;
}
