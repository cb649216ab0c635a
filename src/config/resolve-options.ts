import { homedir } from 'node:os';
import { join } from 'node:path';

import { countersignError } from '../errors/countersign-error.ts';
import { nearest } from '../util/nearest.ts';
import { type OptionName, type OptionRow, optionTable } from './options.ts';
import { rayOptionNames, type RayOptions, rayScale, readRayOptions } from './ray-options.ts';
import type { ModelOptions, ResolvedOptions } from './resolved-options.ts';

export interface OptionSources {
  /** Flags, or what a program passes; wins over all. Values may be text as typed. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: Readonly<Record<string, unknown>>;
}

type Values = Readonly<Record<OptionName, string | number | boolean | null>>;

/** What is known of one model, or of all: rows of the table, and Ray's own settings. */
interface Settings {
  readonly values: Partial<Values>;
  readonly ray: RayOptions;
}

const names = Object.keys(optionTable) as OptionName[];
const namesWithRay: readonly string[] = [...names, ...rayOptionNames];

/**
 * Flags over environment over file over defaults, every value checked. Throws INVALID_OPTION naming the flag,
 * the variable or the key, and the nearest name for an unknown key.
 */
export function resolveOptions(sources: OptionSources): ResolvedOptions {
  const { models, graphs, ...file } = sources.file;
  refuseUnknown(file, 'config file', namesWithRay);
  refuseUnknown(sources.given, 'options', namesWithRay);
  const perModel = readModels(models);
  const values = readAll(sources.given, sources.env, file);
  const ray = { ...readRayOptions(file, 'the config file'), ...readRayOptions(sources.given, 'the options') };
  const port =
    values.port === optionTable.port.default && values.modelUri !== null ? mlflowPort(sources) : values.port;
  return Object.freeze({
    modelUri: text(values.modelUri),
    name: String(values.name),
    defaultModel: text(values.defaultModel),
    trackingUri: text(values.trackingUri),
    registryUri: text(values.registryUri),
    artifactsDestination: text(values.artifactsDestination),
    host: String(values.host),
    port: Number(port),
    envManager: values.envManager as ResolvedOptions['envManager'],
    python: text(values.python),
    workers: Number(values.workers),
    maxVersions: Number(values.maxVersions),
    maxLoaded: values.maxLoaded === null ? null : Number(values.maxLoaded),
    drainTimeoutMs: Number(values.drainTimeout) * 1000,
    cacheDir: text(values.cacheDir) ?? userCache(sources.env),
    rayAddress: text(values.rayAddress),
    onnxIsolation: values.onnxIsolation as ResolvedOptions['onnxIsolation'],
    unknownFields: values.unknownFields as ResolvedOptions['unknownFields'],
    maxBodyBytes: Number(values.maxBody),
    accessLogRate: Number(values.accessLogRate),
    logLevel: values.logLevel as ResolvedOptions['logLevel'],
    graphs,
    forModel: (model: string) =>
      modelOptions({ values, ray }, perModel.get(model) ?? { values: {}, ray: {} }),
  });
}

function modelOptions(server: Settings & { values: Values }, model: Settings): ModelOptions {
  const values = { ...server.values, ...model.values };
  if (values.mlflowExact === true && values.engine === 'onnx') {
    throw countersignError(
      'INVALID_OPTION',
      '--mlflow-exact',
      "it needs MLflow's own code, in Python; --engine onnx has none",
    );
  }
  return {
    defaultVersion: text(values.defaultVersion),
    contract: text(values.contract),
    timeoutMs: Number(values.timeout) * 1000,
    compatibility: values.compatibility as ModelOptions['compatibility'],
    engine: values.engine === 'auto' ? null : (values.engine as ModelOptions['engine']),
    ray: rayScale({ ...server.ray, ...model.ray }, replicas(server, model)),
    outputCheck: values.outputCheck as ModelOptions['outputCheck'],
    mlflowExact: values.mlflowExact === true,
    batching: values.batching as ModelOptions['batching'],
    maxBatchRows: Number(values.maxBatchRows),
    maxQueue: Number(values.maxQueue),
    maxQueueRows: Number(values.maxQueueRows),
    batchWindowMs: Number(values.batchWindow),
  };
}

/** A fixed number, or autoscaling: what is said of the model itself wins. */
function replicas(server: Settings & { values: Values }, model: Settings): number | null {
  if (model.values.num_replicas !== undefined) return Number(model.values.num_replicas);
  if (model.ray.autoscaling_config !== undefined) return null;
  const fixed = Number(server.values.num_replicas);
  return fixed === optionTable.num_replicas.default && server.ray.autoscaling_config !== undefined
    ? null
    : fixed;
}

function readAll(
  given: Readonly<Record<string, unknown>>,
  env: OptionSources['env'],
  file: Readonly<Record<string, unknown>>,
): Values {
  const entries = names.map((name) => {
    const row: OptionRow = optionTable[name];
    if (given[name] !== undefined) return [name, readValue(row, given[name], longFlag(row))];
    const variable = env[row.env];
    if (variable !== undefined && variable !== '') return [name, readValue(row, variable, row.env)];
    if (file[name] !== undefined && file[name] !== null) {
      return [name, readValue(row, file[name], `${name} in the config file`)];
    }
    return [name, row.default];
  });
  return Object.fromEntries(entries) as Values;
}

function readModels(models: unknown): ReadonlyMap<string, Settings> {
  if (models === undefined || models === null) return new Map();
  if (!isRecord(models))
    throw countersignError('INVALID_OPTION', 'models in the config file', 'expected an object');
  const allowed = names.filter((name) => 'perModel' in optionTable[name]);
  const isRow = (name: string): name is OptionName => allowed.some((row) => row === name);
  return new Map(
    Object.entries(models).map(([model, options]) => {
      const where = `models.${model} in the config file`;
      if (!isRecord(options)) throw countersignError('INVALID_OPTION', where, 'expected an object');
      refuseUnknown(options, where, [...allowed, ...rayOptionNames]);
      const values = Object.entries(options)
        .filter(([name]) => isRow(name))
        .map(([name, value]) => [
          name,
          readValue(optionTable[name as OptionName], value, `${where}: ${name}`),
        ]);
      const ray = readRayOptions(options, where);
      if (options['num_replicas'] !== undefined && ray.autoscaling_config !== undefined)
        throw countersignError(
          'INVALID_OPTION',
          where,
          'num_replicas and autoscaling_config exclude each other',
        );
      return [model, { values: Object.fromEntries(values) as Partial<Values>, ray }];
    }),
  );
}

function readValue(row: OptionRow, value: unknown, where: string): string | number | boolean {
  const bad = (what: string): Error =>
    countersignError('INVALID_OPTION', where, `expected ${what}, got '${String(value).slice(0, 60)}'`);
  switch (row.type) {
    case 'string':
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw bad('a text');
    case 'choice': {
      const choices = row.choices ?? [];
      if (typeof value === 'string' && choices.includes(value)) return value;
      // What `--no-batching` says, and what YAML makes of a bare `off`.
      if (value === false && choices.includes('off')) return 'off';
      const refused = row.refused?.[String(value)];
      if (refused !== undefined) throw countersignError('INVALID_OPTION', where, refused);
      throw bad(`one of ${choices.join(', ')}`);
    }
    case 'switch':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      throw bad('true or false');
    case 'integer':
    case 'seconds':
    case 'bytes': {
      const number = row.type === 'bytes' ? bytes(value) : Number(value === '' ? Number.NaN : value);
      const whole = row.type !== 'seconds';
      const minimum = row.minimum ?? 0;
      if (Number.isFinite(number) && number >= minimum && (!whole || Number.isInteger(number))) return number;
      throw bad(`a ${whole ? 'whole ' : ''}number of at least ${String(minimum)}`);
    }
  }
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
};

function bytes(value: unknown): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/i.exec(String(value).trim());
  const unit = units[match?.[2]?.toLowerCase() ?? ''];
  return match === null || unit === undefined ? Number.NaN : Math.floor(Number(match[1]) * unit);
}

function refuseUnknown(
  object: Readonly<Record<string, unknown>>,
  where: string,
  allowed: readonly string[],
): void {
  for (const key of Object.keys(object)) {
    if (allowed.includes(key)) continue;
    const near = nearest(key, allowed);
    throw countersignError(
      'INVALID_OPTION',
      `${key} in the ${where}`,
      `unknown${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
}

function mlflowPort(sources: OptionSources): number {
  const said = sources.given['port'] ?? sources.env[optionTable.port.env] ?? sources.file['port'];
  return said === undefined ? 5000 : optionTable.port.default;
}

function longFlag(row: OptionRow): string {
  return row.flag.split(', ').at(-1) ?? row.flag;
}

function text(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value);
}

function userCache(env: OptionSources['env']): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'countersign');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
