import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

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
    expect(env).toEqual({ env_vars: { AWS_REGION: 'x' }, working_dir: 'gcs://host.zip' });
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
