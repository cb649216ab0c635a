import { createHash } from 'node:crypto';

import type { RayScale } from '../../config/ray-options.ts';
import { asList, asRecord, asText, isRecord, type UnknownRecord } from '../../util/unknown.ts';

/** How a model is to stand on the cluster. */
export interface ModelDeployment {
  readonly model: string;
  readonly scale: RayScale;
  /** Versions that a replica keeps loaded beside the default. */
  readonly maxVersions: number;
  /** The package that holds the Python host. */
  readonly hostUri: string;
  /** Absent or null: the cluster's own Python. */
  readonly environment?: ClusterEnvironment | null;
  /** Versions to tell its replicas of, beside those that they know. */
  readonly known?: KnownVersions;
}

/** An environment that Ray makes for the versions whose requirements the cluster's own Python does not meet. */
export interface ClusterEnvironment {
  /** Of the requirements: equal for equal ones. */
  readonly id: string;
  /** Ray's plugin that makes it. */
  readonly tool: 'uv' | 'pip';
  /** Lines of a requirements file. */
  readonly packages: readonly string[];
}

/** What replicas know of versions by number: for callers of Ray's own port, and for the default, which stays loaded. */
export interface KnownVersions {
  readonly default?: string;
  /** By version: where its artifact comes from, or the application that it stands in. */
  readonly versions?: Readonly<Record<string, string | { readonly application: string }>>;
}

const importPath = 'countersign_host.replica:build';
const prefix = 'countersign-';
const longestName = 120;
/** Requests that Ray hands to a replica at once; versions there take them one after another. */
const maxOngoingRequests = 64;
/** Requests that may wait in one of Ray's proxies; one more is 503. */
const maxQueuedRequests = 1000;

/**
 * Ray runs the code of deployments in a thread beside its own event loop, so that code that blocks does no harm. The
 * host's never does, and each request would cost it two hand-overs between the threads.
 */
const sameThread = { RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD: '0' };

/**
 * Of the model (and the environment), and of no other: any character that a route could misread is written as `=XX`.
 */
export function applicationName(model: string, environment?: string): string {
  const safe = encodeURIComponent(model)
    .replaceAll(/[!'()*~]/g, hex)
    .replaceAll('%', '=');
  const suffix = environment === undefined ? '' : `=-${environment}`;
  if (safe.length <= longestName) return prefix + safe + suffix;
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return `${prefix}${safe.slice(0, longestName)}==${hash}${suffix}`;
}

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** An application of Ray's declarative config; Ray gives it back as it was written. */
export function applicationConfig(deployment: ModelDeployment): UnknownRecord {
  const { model, scale, maxVersions, hostUri, environment = null, known = {} } = deployment;
  const name = applicationName(model, environment?.id);
  const own = environment === null ? {} : { environment: environment.id };
  return {
    name,
    route_prefix: `/${name}`,
    import_path: importPath,
    runtime_env: { ...runtimeEnv(scale.runtimeEnv, environment), working_dir: hostUri },
    args: { model, max_versions: maxVersions, ...own },
    deployments: [
      {
        name: 'Replica',
        max_ongoing_requests: maxOngoingRequests,
        max_queued_requests: maxQueuedRequests,
        ...scale.deployment,
        ...(known.versions !== undefined && { user_config: known }),
      },
    ],
  };
}

/** What the user says of packages is for the versions that it suffices for. */
function runtimeEnv(user: UnknownRecord, environment: ClusterEnvironment | null): UnknownRecord {
  const given = { ...user, env_vars: { ...sameThread, ...asRecord(user['env_vars']) } };
  if (environment === null) return given;
  const rest = without(given, ['uv', 'pip', 'conda']);
  const { tool, packages } = environment;
  // Without compiled files an environment imports three to five times slower, each time.
  const uv = { packages, uv_pip_install_options: ['--compile-bytecode'] };
  return { ...rest, ...(tool === 'uv' ? { uv } : { pip: packages }) };
}

/** What an application that stands there knows of versions. */
export function knownOf(config: UnknownRecord | null): KnownVersions {
  const [deployment] = asList(config?.['deployments']);
  const told = asRecord(asRecord(deployment)['user_config']);
  const version = asText(told['default']);
  const versions = told['versions'];
  return {
    ...(version !== null && { default: version }),
    ...(isRecord(versions) && { versions: versions as NonNullable<KnownVersions['versions']> }),
  };
}

/** The same application, knowing something else. */
export function withKnown(config: UnknownRecord, known: KnownVersions): UnknownRecord {
  const [deployment, ...others] = asList(config['deployments']);
  const rest = without(asRecord(deployment), ['user_config']);
  const told = known.versions === undefined ? {} : { user_config: known };
  return { ...config, deployments: [{ ...rest, ...told }, ...others] };
}

function without(record: UnknownRecord, names: readonly string[]): UnknownRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** The model of an application that countersign deployed; null for anybody else's. */
export function modelOf(config: UnknownRecord | null): string | null {
  if (config?.['import_path'] !== importPath || !isRecord(config['args'])) return null;
  const { model, environment } = config['args'];
  if (typeof model !== 'string') return null;
  return config['name'] === applicationName(model, asText(environment) ?? undefined) ? model : null;
}
