import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { knownOf, withKnown } from '../../src/engine/ray/application.ts';
import { Dashboard } from '../../src/engine/ray/dashboard.ts';
import { packDirectory } from '../../src/engine/ray/package.ts';
import { modelDirectory } from '../support/python-models.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { countersign, serve, type Served } from '../support/served.ts';

// Replicas that can be called drain for half a minute before they are gone.
vi.setConfig({ testTimeout: 300_000 });

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const registry = resolve(import.meta.dirname, '../../examples/registry');
const flags = [
  ...['--tracking-uri', `sqlite:///${registry}/mlflow.db`],
  ...['--artifacts-destination', `${registry}/artifacts`],
];
const never = new AbortController().signal;
const sunny = { prompt: 'The weather is lovely today' };
const german = [{ translation_text: 'Das Wetter ist heute nett.' }];

interface Instance {
  readonly applications: Readonly<
    Record<string, { deployments: Record<string, { replicas: readonly { pid: number }[] }> }>
  >;
}

describe.skipIf(!slow).each([
  ['directly to 1 replica', { direct: true }],
  ["through Ray's proxy", {}],
])('the translation example on a real Ray cluster, %s (set COUNTERSIGN_SLOW_TESTS=1)', (way, options) => {
  let cluster: RayCluster;
  let dashboard: Dashboard;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ray-serve-'));
    cluster = await startRayCluster(options);
    dashboard = new Dashboard(new URL(cluster.address), () => Promise.resolve(cluster.token));
    await deployOther();
  });
  afterAll(async () => {
    await dashboard.close();
    await cluster[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  /** Somebody else's application, as they would deploy it; the PUT names nothing of ours. */
  async function deployOther(): Promise<void> {
    const code = `from ray import serve
@serve.deployment(ray_actor_options={"num_cpus": 0})
class Other:
    def __call__(self):
        return "other"
def build(args):
    return Other.bind()
`;
    await writeFile(join(directory, 'other.py'), code);
    const theirs = await packDirectory(directory);
    await dashboard.putPackage(theirs, never);
    const other = {
      name: 'other',
      route_prefix: '/other',
      import_path: 'other:build',
      runtime_env: { working_dir: theirs.uri },
      args: {},
    };
    await dashboard.putApplications({ applications: [other] }, never);
  }

  const run = (...args: readonly string[]): ReturnType<typeof countersign> =>
    countersign(args, { env: cluster.env });
  const gateway = async (...more: readonly string[]): Promise<Served> => {
    const served = await serve(['serve', 'translation_model', '--engine', 'ray', ...flags, ...more], {
      env: cluster.env,
    });
    await served.ready();
    return served;
  };
  const standing = async (): Promise<readonly string[]> => {
    const { applications } = await dashboard.instance(never);
    return [...applications.keys()].sort();
  };
  /** Pids of the model's replicas: the same ones where nothing was deployed anew. */
  const replicas = async (): Promise<readonly number[]> => {
    const headers = { authorization: `Bearer ${cluster.token}` };
    const { body } = await request(`${cluster.address}/api/serve/applications/`, { headers });
    const { applications } = (await body.json()) as Instance;
    const parts = Object.values(applications['countersign-translation_model']?.deployments ?? {});
    return parts.flatMap((part) => part.replicas.map(({ pid }) => pid));
  };

  test('deploy brings the default version up, and the same again changes nothing', async () => {
    const first = await run('deploy', 'translation_model', ...flags);
    expect([first.code, first.stdout]).toEqual([
      0,
      'translation_model is deployed as countersign-translation_model: RUNNING, 1 replica\n',
    ]);
    const before = await replicas();
    const again = await run('deploy', 'translation_model', ...flags);
    expect([again.code, again.stdout]).toEqual([0, first.stdout]);
    expect(await replicas()).toEqual(before);
    expect(await standing()).toEqual(['countersign-translation_model', 'other']);
  });

  test('a dry run prints what would be deployed, which is what stands there', async () => {
    const { code, stdout } = await run('deploy', 'translation_model', '--dry-run', ...flags);
    const { applications } = JSON.parse(stdout) as { applications: readonly unknown[] };
    const there = (await dashboard.instance(never)).applications.get('countersign-translation_model');
    // What replicas know of versions comes when they are loaded.
    expect([code, applications]).toEqual([0, [withKnown(there?.config ?? {}, {})]]);
    expect(knownOf(there?.config ?? null)).toMatchObject({
      default: '1',
      versions: { '1': expect.anything() as unknown },
    });
  });

  test('versions, 409, 404 and rows are what they are on a laptop, from two gateways of one deployment', async () => {
    const before = await replicas();
    await using one = await gateway();
    await using two = await gateway();
    for (const served of [one, two]) {
      expect(await (await served.post('/serve', sunny)).json()).toEqual(german);
      const french = await served.post('/serve', sunny, '2');
      expect(await french.json()).toEqual([{ translation_text: "Le temps est beau aujourd'hui" }]);
      const many = await served.post('/serve', [{ prompt: 'Good morning' }, { prompt: 'Good night' }]);
      expect(await many.json()).toEqual([
        { translation_text: 'Guten Morgen' },
        { translation_text: 'Gute Nacht' },
      ]);
      const broken = await served.post('/serve', sunny, '3');
      expect([broken.status, ((await broken.json()) as { code: string }).code]).toEqual([
        409,
        'VERSION_INCOMPATIBLE',
      ]);
      expect((await served.post('/serve', sunny, '99')).status).toBe(404);
      expect((await served.post('/serve', { promt: 'x' })).status).toBe(400);
      const invocation = await served.post('/invocations', { dataframe_records: [sunny] });
      expect(await invocation.json()).toMatchObject({ predictions: german });
      const versions = await (await served.get('/models/translation_model/versions')).text();
      expect(versions).toContain(`Ray application countersign-translation_model, ${way}`);
    }
    expect(await replicas()).toEqual(before);
  });

  test('a replica that is killed costs no answer', async () => {
    await using served = await gateway();
    const [pid = expect.fail()] = await replicas();
    process.kill(pid, 'SIGKILL');
    expect(await (await served.post('/serve', sunny)).json()).toEqual(german);
  });

  test('an application that somebody took away is deployed again, loudly', async () => {
    // A whole deploy on a busy machine, within one request.
    await using served = await gateway('--timeout', '110');
    await deployOther();
    while ((await standing()).length > 1) await delay(100);
    expect(await (await served.post('/serve', sunny)).json()).toEqual(german);
    expect(served.stderr()).toContain('the application was gone from the cluster');
    expect(await standing()).toEqual(['countersign-translation_model', 'other']);
  });

  // NOT_DEPLOYED is what the second undeploy is told.
  test('a gateway that stops leaves the deployment; undeploy takes it away, and nothing else', async () => {
    const served = await gateway();
    expect(await served.stop()).toEqual({ code: 0, signal: null });
    expect((await run('status', 'translation_model')).stdout).toMatch(/translation_model +RUNNING +1 of 1/);
    expect((await run('undeploy', 'translation_model')).code).toBe(0);
    expect(await standing()).toEqual(['other']);
    expect((await run('status')).stdout).toBe('No model is deployed.\n');
    const again = await run('undeploy', 'translation_model');
    expect([again.code, again.stderr]).toEqual([
      3,
      expect.stringContaining('is not deployed on the Ray cluster'),
    ]);
  });

  test.each([
    ['nobody listens', { RAY_ADDRESS: 'http://127.0.0.1:9' }, 3, 'nothing listens there'],
    ['the address is malformed', { RAY_ADDRESS: 'ray://127.0.0.1:10001' }, 2, "for Ray's own clients"],
    ['the token is wrong', { RAY_AUTH_TOKEN: 'x'.repeat(48) }, 3, 'it refuses the token'],
  ])('%s: an exit code and one line that says so', async (_, env, code, words) => {
    const args = ['serve', 'translation_model', '--engine', 'ray', '--port', '0', ...flags];
    const ended = await countersign(args, { env: { ...cluster.env, ...env } });
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(words)]);
  });

  test('a model that the cluster cannot load ends a deploy with 4 and the real reason', async () => {
    const ended = await run('deploy', '--model-uri', await modelDirectory('broken'), '--name', 'broken');
    expect([ended.code, ended.stderr]).toEqual([4, expect.stringContaining('the weights are not here')]);
    expect((await run('undeploy', 'broken')).code).toBe(0);
  });
});
