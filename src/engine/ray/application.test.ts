import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { rayScale } from '../../config/ray-options.ts';
import { resolveOptions } from '../../config/resolve-options.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { parseRayAddress } from './address.ts';
import { applicationConfig, applicationName, modelOf } from './application.ts';

describe('the name of an application', () => {
  test('holds the name of the model', () => {
    expect(applicationName('translation_model')).toBe('countersign-translation_model');
  });

  test('is fit for a route whatever the model is called, and of this model alone', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(names, names, (one, other) => {
        expect(applicationName(one)).toMatch(/^countersign-[\w.=-]+$/);
        expect(applicationName(one) === applicationName(other)).toBe(one === other);
      }),
    );
  });
});

/** See `application.ts`. */
const sameThread = { RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD: '0' };

describe('an application', () => {
  const config = applicationConfig({
    model: "it's",
    scale: resolveOptions({ given: { num_replicas: 2 }, env: {}, file: {} }).forModel('').ray,
    maxVersions: 3,
    hostUri: 'gcs://host.zip',
  });

  test('is known for ours by what it runs, whoever deployed it', () => {
    expect(modelOf(config)).toBe("it's");
  });

  test("says of scale what the config file says, under Ray's names", () => {
    const file = {
      ray_actor_options: { num_cpus: 2, num_gpus: 0.5, memory: 2e9, resources: { tpu: 1 } },
      models: {
        m: {
          autoscaling_config: { min_replicas: 0, max_replicas: 4 },
          max_queued_requests: 64,
          runtime_env: { env_vars: { AWS_REGION: 'x' } },
        },
      },
    };
    const { ray: scale } = resolveOptions({ given: {}, env: {}, file }).forModel('m');
    const { runtime_env: env, deployments } = applicationConfig({
      model: 'm',
      scale,
      maxVersions: 3,
      hostUri: 'gcs://host.zip',
    });
    expect(env).toEqual({ env_vars: { ...sameThread, AWS_REGION: 'x' }, working_dir: 'gcs://host.zip' });
    expect(deployments).toEqual([
      {
        name: 'Replica',
        ray_actor_options: file.ray_actor_options,
        autoscaling_config: { target_ongoing_requests: 1, min_replicas: 0, max_replicas: 4 },
        max_ongoing_requests: 64,
        max_queued_requests: 64,
      },
    ]);
    expect(scale.mostReplicas).toBe(4);
  });

  test("a user's word on an environment variable of ours counts", () => {
    const theirs = { RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD: '1' };
    const scale = rayScale({ runtime_env: { env_vars: theirs } }, 1);
    expect(applicationConfig({ model: 'm', scale, maxVersions: 3, hostUri: 'gcs://host.zip' })).toMatchObject(
      { runtime_env: { env_vars: theirs } },
    );
  });

  test('of an environment is another one, with an environment that Ray makes', () => {
    const scale = rayScale({ runtime_env: { pip: ['theirs'], env_vars: { A: 'b' } } }, 1);
    const deployment = { model: 'm', scale, maxVersions: 3, hostUri: 'gcs://host.zip' };
    const packages = ['six==1.16.0'];
    const own = applicationConfig({ ...deployment, environment: { id: 'ab12', tool: 'uv', packages } });
    expect(own).toMatchObject({
      name: 'countersign-m=-ab12',
      runtime_env: {
        env_vars: { ...sameThread, A: 'b' },
        uv: { packages, uv_pip_install_options: ['--compile-bytecode'] },
        working_dir: 'gcs://host.zip',
      },
      args: { model: 'm', max_versions: 3, environment: 'ab12' },
    });
    expect(own['runtime_env']).not.toHaveProperty('pip');
    expect(modelOf(own)).toBe('m');
    const withPip = applicationConfig({ ...deployment, environment: { id: 'ab12', tool: 'pip', packages } });
    expect(withPip['runtime_env']).toMatchObject({ pip: packages });
    // No model's name is that of another model's environment.
    expect(applicationName('m=-ab12')).not.toBe(own['name']);
    expect(applicationName('m-ab12')).not.toBe(own['name']);
  });

  test.each([
    ["somebody else's", { ...config, import_path: 'theirs:app' }],
    ['under another name', { ...config, name: 'copy' }],
    ['one that did not come through the REST API', null],
  ])('%s is not ours', (_, other) => {
    expect(modelOf(other)).toBe(null);
  });
});

describe('the address of a cluster', () => {
  test.each(['http://head:8265', 'http://head:8265/', 'head:8265'])('%s is the dashboard', (text) => {
    expect(parseRayAddress(text).origin).toBe('http://head:8265');
  });

  test.each([
    null,
    'auto',
    'ray://head:10001',
    'http://',
    'ftp://head',
    'http://head:8265/serve',
    'http://h:99999',
  ])('%s is refused', (text) => {
    const refused = (): URL => parseRayAddress(text);
    expect(refused).toThrow(CountersignError);
    expect(refused).toThrow('--ray-address');
  });
});
