import { describe, expect, it } from 'vitest';

import { CountersignError } from '../errors/countersign-error.ts';
import { optionTable, type OptionRow } from './options.ts';
import { type OptionSources, resolveOptions } from './resolve-options.ts';

const resolve = (sources: Partial<OptionSources> = {}) =>
  resolveOptions({ given: {}, env: {}, file: {}, ...sources });

function complaint(sources: Partial<OptionSources>): string {
  try {
    resolve(sources);
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'INVALID_OPTION') return error.message;
    throw error;
  }
  return 'no complaint';
}

describe('where a value comes from', () => {
  it('takes flags over environment over file over defaults', () => {
    const env = { MLFLOW_PORT: '7001' };
    const file = { port: 7002, workers: 3 };
    expect(resolve({ given: { port: '7000' }, env, file })).toMatchObject({ port: 7000, workers: 3 });
    expect(resolve({ env, file }).port).toBe(7001);
    expect(resolve({ file }).port).toBe(7002);
    expect(resolve().port).toBe(8000);
  });

  it("listens on MLflow's port when a model URI is served, unless told otherwise", () => {
    expect(resolve({ given: { modelUri: 'models:/m/1' } }).port).toBe(5000);
    expect(resolve({ given: { modelUri: 'models:/m/1', port: '8000' } }).port).toBe(8000);
  });

  it('reads an empty environment variable as none', () => {
    expect(resolve({ env: { MLFLOW_PORT: '' } }).port).toBe(8000);
  });

  it('keeps its cache where the user keeps caches', () => {
    expect(resolve({ env: { XDG_CACHE_HOME: '/x' } }).cacheDir).toBe('/x/countersign');
    expect(resolve({ env: { COUNTERSIGN_CACHE: '/y', XDG_CACHE_HOME: '/x' } }).cacheDir).toBe('/y');
  });

  it('lays the settings of a model over those of the server', () => {
    const options = resolve({
      given: { timeout: '5' },
      file: { models: { slow: { timeout: 600, defaultVersion: '@next' } } },
    });
    expect(options.forModel('slow')).toMatchObject({ timeoutMs: 600_000, defaultVersion: '@next' });
    expect(options.forModel('other')).toMatchObject({ timeoutMs: 5_000, defaultVersion: null });
  });
});

describe('what a value is', () => {
  it('refuses --mlflow-exact where no Python would run', () => {
    const given = { mlflowExact: true, engine: 'onnx' };
    expect(() => resolveOptions({ given, env: {}, file: {} }).forModel('m')).toThrow('--mlflow-exact');
  });

  it('reads sizes in bytes or with a unit', () => {
    expect(resolve({ given: { maxBody: '1MiB' } }).maxBodyBytes).toBe(1024 * 1024);
    expect(resolve({ given: { maxBody: '1.5 kb' } }).maxBodyBytes).toBe(1500);
    expect(resolve({ given: { maxBody: 10 } }).maxBodyBytes).toBe(10);
  });

  it.each([
    [{ given: { port: 'http' } }, '--port', 'whole number'],
    [{ given: { port: '-1' } }, '--port', 'at least 0'],
    [{ given: { workers: '0' } }, '--workers', 'at least 1'],
    [{ given: { workers: '1.5' } }, '--workers', 'whole number'],
    [{ given: { maxBody: '3 parsecs' } }, '--max-body', 'whole number'],
    [{ env: { MLFLOW_PORT: 'x' } }, 'MLFLOW_PORT', 'whole number'],
    [{ file: { envManager: 'pipenv' } }, 'envManager in the config file', 'auto, local, uv, virtualenv'],
    [{ given: { envManager: 'conda' } }, '--env-manager', 'uv and virtualenv build one'],
    [{ file: { prot: 8000 } }, 'prot in the config file', 'did you mean port'],
    [{ file: { models: { m: { port: 1 } } } }, 'models.m', 'unknown'],
    [{ file: { models: [] } }, 'models', 'object'],
  ])('refuses %j, naming where it stands and what was expected', (sources, where, what) => {
    const message = complaint(sources);
    expect(message).toContain(where);
    expect(message).toContain(what);
  });

  it('is frozen', () => {
    expect(Object.isFrozen(resolve())).toBe(true);
  });
});

describe('the table', () => {
  it('gives every option its own flag and its own variable', () => {
    const rows: readonly OptionRow[] = Object.values(optionTable);
    const flags = rows.flatMap(({ flag }) => flag.split(', '));
    const variables = rows.map(({ env }) => env);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it('has defaults that its own rules accept', () => {
    const given = Object.fromEntries(
      Object.entries(optionTable)
        .filter(([, row]) => row.default !== null)
        .map(([name, row]) => [name, row.default]),
    );
    expect(() => resolve({ given })).not.toThrow();
  });
});

describe("Ray's own settings", () => {
  const ray = (model: string, file: OptionSources['file'], given: OptionSources['given'] = {}) =>
    resolve({ file, given }).forModel(model).ray.deployment;

  it('of a model win over those of the server; a fixed number and autoscaling exclude each other', () => {
    const scaled = { autoscaling_config: { max_replicas: 3 } };
    const autoscaling_config = { target_ongoing_requests: 1, max_replicas: 3 };
    expect(ray('m', { num_replicas: 2, models: { m: scaled } })).toEqual({ autoscaling_config });
    expect(ray('m', { models: { m: scaled } }, { num_replicas: '2' })).toEqual({ autoscaling_config });
    expect(ray('m', { ...scaled, models: { m: { num_replicas: 2 } } })).toEqual({ num_replicas: 2 });
    expect(ray('m', scaled, { num_replicas: '2' })).toEqual({ num_replicas: 2 });
    expect(ray('m', scaled)).toEqual({ autoscaling_config });
    expect(ray('m', {})).toEqual({ num_replicas: 1 });
  });

  it.each([
    [{ numReplicas: 2 }, 'unknown; did you mean num_replicas?'],
    [{ num_replicas: 0 }, 'at least 1'],
    [{ num_replicas: 2, autoscaling_config: { max_replicas: 2 } }, 'exclude each other'],
    [{ autoscaling_config: {} }, 'max_replicas is missing'],
    [{ autoscaling_config: { min_replicas: 3, max_replicas: 2 } }, 'min_replicas is more than max_replicas'],
    [{ autoscaling_config: { max_replica: 3 } }, 'did you mean max_replicas?'],
    [{ ray_actor_options: { num_gpus: 1.5 } }, 'a part of one GPU, or whole GPUs'],
    [{ ray_actor_options: { num_cpus: '2' } }, 'expected a number of at least 0, got "2"'],
    [{ ray_actor_options: { resources: { tpu: -1 } } }, 'resources: tpu'],
    [{ ray_actor_options: { runtime_env: {} } }, 'beside ray_actor_options'],
    [{ max_queued_requests: 0 }, 'expected a whole number of at least 1, or -1, got 0'],
    [{ max_ongoing_requests: 1.5 }, 'expected a whole number of at least 1, got 1.5'],
    [{ runtime_env: { working_dir: '.' } }, 'working_dir'],
    [{ runtime_env: { env_vars: { A: 1 } } }, 'env_vars: A'],
  ])('that are wrong are named with what would be right: %j', (settings, words) => {
    expect(complaint({ file: { models: { m: settings } } })).toContain(words);
  });
});
