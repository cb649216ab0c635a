import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { countersign } from '../support/served.ts';

const run = promisify(execFile);
const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';

/** What `deploy --dry-run` prints; it asks no cluster. */
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'ray-dry-run-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Ray's own schema of what a PUT may say. */
async function takenByRay(config: string): Promise<void> {
  const check = `import json, sys
from ray.serve.schema import ServeDeploySchema
ServeDeploySchema.model_validate(json.loads(sys.argv[1]))`;
  await run(await pythonEnv('ray'), ['-c', check, config]);
}

async function dryRun(config: string, ...names: readonly string[]): ReturnType<typeof countersign> {
  const file = join(scratch, 'countersign.config.yaml');
  await writeFile(file, config);
  return countersign(['deploy', ...names, '--dry-run', '--config', file], { cwd: scratch });
}

test('scale stands in the Serve config under the names of Ray, model by model, and nothing else is printed', async () => {
  const config = `
ray_actor_options: {num_cpus: 0.5}
models:
  on_gpus:
    num_replicas: 2
    ray_actor_options: {num_cpus: 1, num_gpus: 1, memory: 4000000000, resources: {tpu: 1}, accelerator_type: A100}
    max_ongoing_requests: 8
    max_queued_requests: 64
  scaled:
    autoscaling_config: {min_replicas: 1, max_replicas: 8, target_ongoing_requests: 2}
`;
  const { code, stdout, stderr } = await dryRun(config, 'on_gpus', 'scaled', '--max-versions', '5');
  expect([code, stderr]).toEqual([0, '']);
  if (slow) await takenByRay(stdout);
  const application = (name: string, deployment: object): object => ({
    name: `countersign-${name}`,
    route_prefix: `/countersign-${name}`,
    import_path: 'countersign_host.replica:build',
    runtime_env: {
      env_vars: { RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD: '0' },
      working_dir: expect.stringMatching(/^gcs:\/\/_ray_pkg_\w+\.zip$/) as string,
    },
    args: { model: name, max_versions: expect.any(Number) as number },
    deployments: [{ name: 'Replica', ...deployment }],
  });
  expect(JSON.parse(stdout)).toEqual({
    applications: [
      application('on_gpus', {
        num_replicas: 2,
        ray_actor_options: {
          num_cpus: 1,
          num_gpus: 1,
          memory: 4e9,
          resources: { tpu: 1 },
          accelerator_type: 'A100',
        },
        max_ongoing_requests: 8,
        max_queued_requests: 64,
      }),
      application('scaled', {
        autoscaling_config: { min_replicas: 1, max_replicas: 8, target_ongoing_requests: 2 },
        ray_actor_options: { num_cpus: 0.5 },
        max_ongoing_requests: 64,
        max_queued_requests: 1000,
      }),
    ],
  });
});

test('members of a composed model are applications of their own, each with its own scale', async () => {
  const config = `
graphs:
  both: {pipeline: [first, second]}
models:
  second: {num_replicas: 3}
`;
  const { code, stdout } = await dryRun(config, 'both', 'second');
  const { applications } = JSON.parse(stdout) as {
    applications: readonly { name: string; deployments: readonly { num_replicas: number }[] }[];
  };
  const scales = applications.map(({ name, deployments }) => [name, deployments[0]?.num_replicas]);
  expect([code, scales.toSorted()]).toEqual([
    0,
    [
      ['countersign-first', 1],
      ['countersign-second', 3],
    ],
  ]);
});

test('a setting that Ray would not take ends with 2 and says what would be right', async () => {
  const { code, stdout, stderr } = await dryRun('models: {m: {ray_actor_options: {num_gpu: 1}}}', 'm');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('ray_actor_options in models.m in the config file: num_gpu');
  expect(stderr).toContain('did you mean num_gpus?');
});
