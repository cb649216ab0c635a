import { countersignError } from '../errors/countersign-error.ts';
import { nearest } from '../util/nearest.ts';
import { isRecord, type UnknownRecord } from '../util/unknown.ts';

/** How a model stands on a Ray cluster, under Ray's own names and with Ray's meaning; config file only. */
export interface RayOptions {
  /** Replicas come and go with the load, instead of `num_replicas`. `target_ongoing_requests` is 1 unless given. */
  readonly autoscaling_config?: Readonly<Record<string, unknown>>;
  /** What one replica takes of its node: `num_cpus` (1), `num_gpus`, `memory` in bytes, `resources` ... */
  readonly ray_actor_options?: Readonly<Record<string, unknown>>;
  /** Requests that Ray hands to a replica at once. Default 64: versions there take them one after another. */
  readonly max_ongoing_requests?: number;
  /** Requests that may wait in one of Ray's proxies, -1 for no limit; one more is 503. Default 1000. */
  readonly max_queued_requests?: number;
  readonly max_replicas_per_node?: number;
  /** Of the whole application: `env_vars` such as the credentials that a replica fetches artifacts with. */
  readonly runtime_env?: Readonly<Record<string, unknown>>;
}

/** Read and checked. */
export interface RayScale {
  /** What the Serve config says of the deployment. */
  readonly deployment: UnknownRecord;
  readonly runtimeEnv: UnknownRecord;
  /** The most replicas that there may be. */
  readonly mostReplicas: number;
}

type Read = (value: unknown, where: string) => unknown;

const readers: Readonly<Record<keyof RayOptions, Read>> = {
  autoscaling_config: readAutoscaling,
  ray_actor_options: readActorOptions,
  max_ongoing_requests: number({ minimum: 1, whole: true }),
  max_queued_requests: number({ minimum: 1, whole: true, or: -1 }),
  max_replicas_per_node: number({ minimum: 1, whole: true }),
  runtime_env: readRuntimeEnv,
};

export const rayOptionNames = Object.keys(readers) as readonly (keyof RayOptions)[];

/** Those of Ray's options that stand in an object, each checked. Throws INVALID_OPTION. */
export function readRayOptions(object: UnknownRecord, where: string): RayOptions {
  const given = rayOptionNames.filter((name) => object[name] !== undefined && object[name] !== null);
  return Object.fromEntries(given.map((name) => [name, readers[name](object[name], `${name} in ${where}`)]));
}

/** `numReplicas` of null: an `autoscaling_config` stands nearer to the model. */
export function rayScale(options: RayOptions, numReplicas: number | null): RayScale {
  const { runtime_env: runtimeEnv = {}, autoscaling_config: autoscaling, ...rest } = options;
  if (numReplicas !== null || autoscaling === undefined) {
    const replicas = numReplicas ?? 1;
    return { deployment: { ...rest, num_replicas: replicas }, runtimeEnv, mostReplicas: replicas };
  }
  const config = { target_ongoing_requests: 1, ...autoscaling };
  return {
    deployment: { ...rest, autoscaling_config: config },
    runtimeEnv,
    mostReplicas: Number(autoscaling['max_replicas']),
  };
}

const count = number({ minimum: 0, whole: true });
const positive = number({ minimum: 1, whole: true });
const amount = number({ minimum: 0 });
const factor = number({ above: 0 });

const autoscalingReaders: Readonly<Record<string, Read>> = {
  min_replicas: count,
  max_replicas: positive,
  initial_replicas: count,
  target_ongoing_requests: factor,
  upscale_delay_s: amount,
  downscale_delay_s: amount,
  downscale_to_zero_delay_s: amount,
  look_back_period_s: factor,
  metrics_interval_s: factor,
  upscaling_factor: factor,
  downscaling_factor: factor,
  aggregation_function: oneOf('mean', 'max', 'min'),
  policy: object,
};

function readAutoscaling(value: unknown, where: string): unknown {
  const config = readEach(value, where, autoscalingReaders);
  const { min_replicas: least = 1, max_replicas: most, initial_replicas: first = least } = config;
  if (most === undefined) throw wrong(where, 'max_replicas is missing');
  if (Number(least) > Number(most)) throw wrong(where, 'min_replicas is more than max_replicas');
  if (Number(first) < Number(least) || Number(first) > Number(most))
    throw wrong(where, 'initial_replicas is not between min_replicas and max_replicas');
  return config;
}

const actorReaders: Readonly<Record<string, Read>> = {
  num_cpus: amount,
  num_gpus: (value, where) => {
    const gpus = Number(amount(value, where));
    if (gpus > 1 && !Number.isInteger(gpus)) throw wrong(where, 'expected a part of one GPU, or whole GPUs');
    return gpus;
  },
  memory: amount,
  resources: (value, where) => readAll(value, where, amount),
  accelerator_type: text,
  label_selector: (value, where) => readAll(value, where, text),
  fallback_strategy: (value) => value,
};

function readActorOptions(value: unknown, where: string): unknown {
  if (isRecord(value) && value['runtime_env'] !== undefined)
    throw wrong(`${where}: runtime_env`, 'write it beside ray_actor_options: it is that of the application');
  return readEach(value, where, actorReaders);
}

function readRuntimeEnv(value: unknown, where: string): unknown {
  const env = object(value, where);
  if (env['working_dir'] !== undefined)
    throw wrong(
      `${where}: working_dir`,
      "replicas get countersign's own; code of a model belongs into its artifact",
    );
  if (env['env_vars'] !== undefined) readAll(env['env_vars'], `${where}: env_vars`, text);
  return env;
}

function readEach(value: unknown, where: string, each: Readonly<Record<string, Read>>): UnknownRecord {
  const entries = Object.entries(object(value, where)).map(([key, inner]) => {
    const read = each[key];
    if (read !== undefined) return [key, read(inner, `${where}: ${key}`)];
    const near = nearest(key, Object.keys(each));
    throw wrong(`${where}: ${key}`, `unknown${near === null ? '' : `; did you mean ${near}?`}`);
  });
  return Object.fromEntries(entries) as UnknownRecord;
}

function readAll(value: unknown, where: string, read: Read): UnknownRecord {
  const entries = Object.entries(object(value, where));
  return Object.fromEntries(entries.map(([key, inner]) => [key, read(inner, `${where}: ${key}`)]));
}

function number(range: { minimum?: number; above?: number; whole?: boolean; or?: number }): Read {
  const { minimum = -Infinity, above = -Infinity, whole = false, or } = range;
  return (value, where) => {
    const fits = typeof value === 'number' && Number.isFinite(value) && value >= minimum && value > above;
    if (value === or || (fits && (!whole || Number.isInteger(value)))) return value;
    const bound = minimum === -Infinity ? `more than ${String(above)}` : `at least ${String(minimum)}`;
    const besides = or === undefined ? '' : `, or ${String(or)}`;
    throw wrong(where, `expected a ${whole ? 'whole ' : ''}number of ${bound}${besides}, ${got(value)}`);
  };
}

function oneOf(...choices: readonly string[]): Read {
  return (value, where) => {
    if (typeof value === 'string' && choices.includes(value)) return value;
    throw wrong(where, `expected one of ${choices.join(', ')}, ${got(value)}`);
  };
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw wrong(where, `expected a text, ${got(value)}`);
}

function object(value: unknown, where: string): UnknownRecord {
  if (isRecord(value)) return value;
  throw wrong(where, `expected an object, ${got(value)}`);
}

const got = (value: unknown): string =>
  `got ${((JSON.stringify(value) as string | undefined) ?? 'nothing').slice(0, 60)}`;

function wrong(where: string, what: string): Error {
  return countersignError('INVALID_OPTION', where, what);
}
