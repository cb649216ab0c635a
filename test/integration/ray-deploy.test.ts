import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type RayOptions, rayScale } from '../../src/config/ray-options.ts';
import type { Servable, VersionFiles } from '../../src/engine/engine.ts';
import { applicationName, knownOf } from '../../src/engine/ray/application.ts';
import { Dashboard } from '../../src/engine/ray/dashboard.ts';
import { Deployments } from '../../src/engine/ray/deployments.ts';
import type { RayEngineOptions } from '../../src/engine/ray/cluster.ts';
import { createRayEngine, type RayEngine } from '../../src/engine/ray/engine.ts';
import { noParams } from '../../src/payload/payload.ts';
import { openRegistry } from '../../src/registry/open.ts';
import type { VersionMetadata, VersionRef } from '../../src/registry/registry.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { RecordingLogger } from '../fakes/recording-logger.ts';
import { float64, table } from '../support/onnx-specimens.ts';
import { pythonModel, writeModel } from '../support/folder-models.ts';
import { hostDirectory, metadataOf, modelDirectory } from '../support/python-models.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type RayCluster, startRayCluster } from '../support/ray-cluster.ts';
import { buildStore } from '../support/registry-store.ts';
import { startMlflowServer } from '../support/mlflow-server.ts';
import { orStop } from '../support/server-process.ts';
import { countersign, serve } from '../support/served.ts';
import { startS3 } from '../support/s3-server.ts';
import { callerOf } from '../../src/util/caller.ts';

const slow = process.env['COUNTERSIGN_SLOW_TESTS'] === '1';
const never = new AbortController().signal;
const ignore = (): void => undefined;

/** Three versions of a model, each of which answers otherwise. */
const versions = { '1': 'doubler', '2': 'tripler', '3': 'slow' } as const;

describe.skipIf(!slow)(
  'what is deployed on a real Ray cluster (set COUNTERSIGN_SLOW_TESTS=1)',
  { timeout: 400_000 },
  () => {
    let cluster: RayCluster;
    let dashboard: Dashboard;
    let deployments: Deployments;
    let scratch: string;
    const engines: RayEngine[] = [];
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'ray-deploy-'));
      cluster = await startRayCluster();
      dashboard = new Dashboard(new URL(cluster.address), () => Promise.resolve(cluster.token));
      deployments = new Deployments({ dashboard, hostDirectory, clock: systemClock, logger: silentLogger });
    });
    afterAll(async () => {
      await Promise.all(engines.map((engine) => engine.close()));
      await dashboard.close();
      await cluster[Symbol.asyncDispose]();
      await rm(scratch, { recursive: true });
    });

    function makeEngine(options: Partial<RayEngineOptions> = {}, ray: RayOptions = {}): RayEngine {
      const engine = createRayEngine({
        address: cluster.address,
        tokenSource: () => Promise.resolve(cluster.token),
        hostDirectory,
        scaleFor: () => rayScale(ray, 1),
        maxVersions: 1,
        envManager: 'local',
        isDefault: ({ version }: VersionRef) => version === '1',
        clock: systemClock,
        logger: silentLogger,
        ...options,
      });
      engines.push(engine);
      return engine;
    }

    const load = async (
      engine: RayEngine,
      model: string,
      version: string,
      directory: string,
    ): Promise<Servable> => {
      const metadata: VersionMetadata = { ...metadataOf(model, ['python_function']), version };
      return engine.loader(metadata, { directory }).load(never, ignore);
    };
    const loadAll = async (engine: RayEngine, model: string): Promise<readonly Servable[]> => {
      const loaded: Servable[] = [];
      for (const [version, name] of Object.entries(versions))
        loaded.push(await load(engine, model, version, await modelDirectory(name)));
      return loaded;
    };
    const predict = async (servable: Servable | undefined, x: number): Promise<unknown> => {
      const call = { input: table({ x: float64(x) }), params: noParams, requestId: 'r-1' };
      const answer = await servable?.predict(call, callerOf(AbortSignal.timeout(150_000)));
      if (answer?.kind === 'table') return [...(answer.columns[0]?.vector.data ?? [])];
      return answer?.kind === 'tensors' ? [...(answer.tensors[0]?.vector.data ?? [])] : answer;
    };

    async function until(holds: () => Promise<boolean>, timeoutMs: number, what: string): Promise<void> {
      const end = performance.now() + timeoutMs;
      while (!(await holds())) {
        if (performance.now() > end) expect.fail(`in time: ${what}`);
        await delay(200);
      }
    }

    /** Replicas are told of versions a moment after they are loaded. */
    async function untilKnown(model: string, numbers: readonly string[]): Promise<void> {
      const known = async (): Promise<readonly string[]> => {
        const [deployed] = await deployments
          .list(never)
          .then((all) => all.filter((one) => one.model === model));
        if (deployed?.status !== 'RUNNING') return [];
        return Object.keys(knownOf(deployed.config).versions ?? {});
      };
      const all = async (): Promise<boolean> => {
        const there = await known();
        return numbers.every((number) => there.includes(number));
      };
      await until(all, 30_000, 'the versions are known');
    }

    /** Ray's own port. */
    async function ray(
      path: string,
      version: string | null = null,
      body: unknown = null,
    ): Promise<{ status: number; text: string; note: string }> {
      const { http, proxies } = await dashboard.instance(never);
      const origin = `http://${proxies[0] ?? ''}:${String(http?.port)}`.replace('127.0.0.2', '127.0.0.1');
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`${origin}/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(version !== null && { serve_multiplexed_model_id: version }),
        },
        body: JSON.stringify(body),
      });
      return { status: statusCode, text: await answer.text(), note: String(headers['countersign-replica']) };
    }
    /** Loads that the only replica ever began. */
    const loads = async (model: string): Promise<number> =>
      Number((await ray(`${applicationName(model)}/status`)).note.split(';')[2]);
    const rows = (x: number): object => ({ dataframe_records: [{ x }] });

    test('the default is never let go in a replica; others make room for each other beside it', async () => {
      const engine = makeEngine();
      const [first, second, third] = await loadAll(engine, 'pinned');
      const before = await loads('pinned');
      for (let x = 1; x < 4; x += 1) {
        expect(await predict(second, x)).toEqual([3 * x]);
        expect(await predict(third, x)).toEqual([2 * x]);
        expect(await predict(first, x)).toEqual([2 * x]);
      }
      // The two others took turns in the one place that there is.
      expect((await loads('pinned')) - before).toBeLessThanOrEqual(6);
      const settled = await loads('pinned');
      expect(await predict(first, 5)).toEqual([10]);
      expect(await loads('pinned')).toBe(settled);
    });

    test("Ray's own port answers /invocations: the default, or the version of the header", async () => {
      const path = `${applicationName('pinned')}/invocations`;
      await untilKnown('pinned', ['1', '2', '3']);
      const answers = await Promise.all([null, '1', '2', '02'].map((version) => ray(path, version, rows(2))));
      expect(answers.map(({ status, text }) => [status, JSON.parse(text) as unknown])).toEqual([
        [200, { predictions: [{ y: 4 }] }],
        [200, { predictions: [{ y: 4 }] }],
        [200, { predictions: [{ y: 6 }] }],
        [200, { predictions: [{ y: 6 }] }],
      ]);
      const unknown = await ray(path, '9', rows(2));
      expect([unknown.status, JSON.parse(unknown.text)]).toEqual([
        404,
        {
          error_code: 'RESOURCE_DOES_NOT_EXIST',
          message: "no version '9' has been served from here; known: 1, 2, 3",
        },
      ]);
      const wrong = await ray(path, '1', { nothing: 1 });
      expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('error_code')]);
    });

    test('a replica that replaces another one comes up with the default loaded', async () => {
      const engine = makeEngine({ scaleFor: () => rayScale({}, 2) });
      const pids = async (): Promise<readonly number[]> => replicaPids('pinned');
      const before = await pids();
      await load(engine, 'pinned', '1', await modelDirectory('doubler'));
      await until(async () => (await pids()).length === 2, 30_000, 'a second replica runs');
      // The running one stays when their number changes.
      expect(await pids()).toEqual(expect.arrayContaining([...before]));
      process.kill(before[0] ?? 0, 'SIGKILL');
      await until(
        async () => {
          const now = await pids();
          return now.length === 2 && !now.includes(before[0] ?? 0);
        },
        60_000,
        'another replica runs',
      );
      const seen = new Map<string, number>();
      for (let i = 0; i < 12; i += 1) {
        const [id = '', , began] = (await ray(`${applicationName('pinned')}/status`)).note.split(';');
        seen.set(id, Number(began));
      }
      expect([...seen.values()].every((began) => began > 0)).toBe(true);
    });

    async function replicaPids(model: string): Promise<readonly number[]> {
      const { body } = await request(`${cluster.address}/api/serve/applications/`, {
        headers: { authorization: `Bearer ${cluster.token}` },
      });
      const { applications } = (await body.json()) as {
        applications: Record<
          string,
          { deployments: Record<string, { replicas: readonly { pid: number; state: string }[] }> }
        >;
      };
      const parts = Object.values(applications[applicationName(model)]?.deployments ?? {});
      return parts.flatMap(({ replicas }) =>
        replicas.filter(({ state }) => state === 'RUNNING').map(({ pid }) => pid),
      );
    }

    test('undeploy takes the application away, and the files that its replicas unpacked', async () => {
      expect(await artifacts()).not.toEqual([]);
      expect(await deployments.undeploy('pinned', never)).toBe(true);
      await until(async () => (await artifacts()).length === 0, 30_000, 'the files are gone');
    });

    async function artifacts(): Promise<readonly string[]> {
      const root = join(cluster.temporary, `countersign-${String(process.getuid?.())}`);
      const names = await readdir(root).catch(() => []);
      return names.filter((name) => !name.endsWith('.lock'));
    }

    describe('artifacts that the cluster can reach', () => {
      /** `echo` of a registry, of which nothing may be fetched here unless `fetches`. */
      async function loadEcho(
        engine: RayEngine,
        options: Partial<Parameters<typeof openRegistry>[0]>,
        model: string,
        version = '1',
        fetches = false,
      ): Promise<Servable> {
        const registry = await openRegistry({
          trackingUri: null,
          registryUri: null,
          artifactsDestination: null,
          cacheDir: join(scratch, 'cache'),
          python: null,
          env: {},
          cwd: scratch,
          logger: silentLogger,
          ...options,
        });
        const ref = { model: 'echo', version };
        const files: VersionFiles = {
          remoteUri: (signal) => registry.remoteUri(ref, signal),
          read: (path, signal) => registry.read(ref, path, signal),
          fetch: (signal) => (fetches ? registry.fetch(ref, signal) : expect.fail('fetched here')),
        };
        const metadata = { ...(await registry.describe(ref, never)), model };
        const loader = engine.loaderFrom?.(metadata, files) ?? expect.fail();
        return loader.load(never, ignore).finally(() => registry.close());
      }

      test('in S3 are fetched by replicas, with credentials of their runtime_env; else uploaded from here', async () => {
        const s3 = await startS3();
        await orStop(s3, async () => {
          const make = { python: await pythonEnv('mlflow3'), cwd: scratch, env: s3.env };
          await buildStore(make, 'sqlite:///s3.db', `s3://${s3.bucket}/a prefix`);
          const options = { trackingUri: 'sqlite:///s3.db', env: s3.env };
          const able = makeEngine({
            envManager: 'auto',
            scaleFor: () => rayScale({ runtime_env: { env_vars: s3.env } }, 1),
          });
          expect(await predict(await loadEcho(able, options, 'in s3'), 1.5)).toEqual([1.5]);
          const logger = new RecordingLogger();
          const unable = makeEngine({ logger });
          expect(
            await predict(await loadEcho(unable, options, 'without credentials', '3', true), 1.5),
          ).toEqual([1.5]);
          expect(logger.lines).toContainEqual(
            expect.objectContaining({
              message: 'replicas cannot fetch the artifact; it is uploaded from here',
              data: expect.objectContaining({
                error: expect.objectContaining({ code: 'ARTIFACT_UNFETCHED' }) as unknown,
              }) as unknown,
            }),
          );
          await Promise.all(
            ['in s3', 'without credentials'].map((model) => deployments.undeploy(model, never)),
          );
        });
        await s3.stop();
      });

      test('behind the proxy of a tracking server are fetched by replicas', async () => {
        const directory = join(scratch, 'server');
        await mkdir(directory);
        const server = await startMlflowServer({ directory });
        await orStop(server, async () => {
          await buildStore({ python: await pythonEnv('mlflow3'), cwd: directory }, server.uri);
          const servable = await loadEcho(makeEngine(), { trackingUri: server.uri }, 'proxied');
          expect(await predict(servable, 2.5)).toEqual([2.5]);
          await deployments.undeploy('proxied', never);
        });
        await server.stop();
      });
    });

    test('a composed model: its members are deployed, and undeployed where no other asks them', async () => {
      const registry = join(scratch, 'members');
      const member = (name: string, from: string, to: string): Promise<string> =>
        writeModel(registry, name, '1', {
          ...{ inputs: { [from]: 'double' }, outputs: { [to]: 'double' } },
          python: pythonModel(`return pd.DataFrame({"${to}": model_input["${from}"] * 2})`),
        });
      await Promise.all([member('first', 'x', 'y'), member('second', 'y', 'z'), member('third', 'z', 'w')]);
      const file = join(scratch, 'countersign.config.yaml');
      await writeFile(
        file,
        `graphs:
  both: {pipeline: [first, second]}
  longer: {pipeline: [second, third]}
models:
  first: {ray_actor_options: {num_cpus: 0.1}}
  second: {ray_actor_options: {num_cpus: 0.1}, num_replicas: 2}
`,
      );
      const options = { env: cluster.env, cwd: scratch };
      const flags = ['--config', file, '--tracking-uri', registry];
      const deployed = await countersign(['deploy', 'both', ...flags], options);
      expect([deployed.code, deployed.stdout.trim().split('\n')]).toEqual([
        0,
        [
          'first is deployed as countersign-first: RUNNING, 1 replica',
          'second is deployed as countersign-second: RUNNING, 2 replicas',
        ],
      ]);
      await using served = await serve(['serve', 'both', '--engine', 'ray', ...flags], options);
      await served.ready();
      const answer = await served.post('/serve', { x: 3 });
      expect([answer.status, await answer.json()]).toEqual([200, [{ z: 12 }]]);
      await served.stop();
      const undeployed = await countersign(['undeploy', 'both', '--config', file], options);
      expect([undeployed.code, undeployed.stdout]).toEqual([0, 'first is undeployed\n']);
      expect((await deployments.list(never)).map(({ model }) => model)).toEqual(['second']);
      expect((await countersign(['undeploy', 'second'], options)).code).toBe(0);
    });

    describe('requirements', () => {
      /** Answers which six it sees. */
      const sixModel = async (name: string, requirements: string): Promise<string> => {
        const directory = join(scratch, name);
        await mkdir(join(directory, 'code'), { recursive: true });
        const code = `import six
class Model:
    def predict(self, data, params=None):
        return [six.__version__]
def _load_pyfunc(path):
    return Model()
`;
        await writeFile(join(directory, 'code', 'which_six.py'), code);
        await writeFile(join(directory, 'requirements.txt'), requirements);
        const flavor = '{loader_module: which_six, code: code, python_version: 3.11.7}';
        await writeFile(
          join(directory, 'MLmodel'),
          `flavors:\n  python_function: ${flavor}\nmlflow_version: 3.17.2\n`,
        );
        return directory;
      };
      const six = async (servable: Servable): Promise<unknown> => {
        const call = { input: table({ x: float64(1) }), params: noParams, requestId: 'r-1' };
        return servable.predict(call, callerOf(AbortSignal.timeout(150_000)));
      };

      test('that conflict get an application of their own, with an environment of their own', async () => {
        const engine = makeEngine({ envManager: 'auto' });
        const [own, other, broken] = await Promise.all([
          sixModel('own', 'six>=1.17\n'),
          sixModel('other', '# another\nsix==1.16.0\n'),
          sixModel('broken', 'six==1.16.0\n-e ./src\n'),
        ]);
        expect(await six(await load(engine, 'sixes', '1', own))).toEqual({
          kind: 'value',
          value: ['1.17.0'],
        });
        const second = await load(engine, 'sixes', '2', other);
        expect(await six(second)).toEqual({ kind: 'value', value: ['1.16.0'] });
        const standing = await deployments.list(never);
        expect(standing.map(({ application }) => application)).toEqual([
          'countersign-sixes',
          expect.stringMatching(/^countersign-sixes=-[0-9a-f]{16}$/),
        ]);
        expect(second.detail).toContain(standing[1]?.application);
        await expect(load(engine, 'sixes', '3', broken)).rejects.toMatchObject({
          code: 'ENVIRONMENT_FAILED',
          exitCode: 4,
        });
        await untilKnown('sixes', ['1', '2']);
        const asked = await ray('countersign-sixes/invocations', '2', { inputs: [1] });
        expect([asked.status, JSON.parse(asked.text)]).toEqual([200, { predictions: ['1.16.0'] }]);
        // Once nobody asks for it any more, the environment's application goes, and comes back for who does.
        await engine.close();
        const later = makeEngine({ envManager: 'auto', idleApplicationMs: 20_000 });
        const again = await load(later, 'sixes', '2', other);
        const applications = async (): Promise<number> => (await deployments.list(never)).length;
        await until(async () => (await applications()) === 1, 120_000, 'the idle application is removed');
        const answers = async (): Promise<number> =>
          (await ray('countersign-sixes/invocations', '2', { inputs: [1] })).status;
        await until(async () => (await answers()) === 404, 30_000, 'the version is forgotten');
        expect(await six(again)).toEqual({ kind: 'value', value: ['1.16.0'] });
        expect(await deployments.undeploy('sixes', never)).toBe(true);
        expect(await deployments.list(never)).toEqual([]);
      });

      test('that cannot be met end the load with the reason, and leave nothing', async () => {
        const engine = makeEngine({ envManager: 'auto' });
        const impossible = await sixModel('impossible', 'six==0.0.0.9\n');
        await expect(load(engine, 'none', '1', impossible)).rejects.toMatchObject({
          exitCode: 4,
          message: expect.stringContaining('six==0.0.0.9') as string,
        });
        expect((await deployments.list(never)).map(({ application }) => application)).toEqual([
          'countersign-none',
        ]);
        await deployments.undeploy('none', never);
      }, 600_000);
    });
  },
);
