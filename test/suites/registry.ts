import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { resolveModelUri } from '../../src/registry/model-uri.ts';
import { openRegistry, type RegistryOptions } from '../../src/registry/open.ts';
import type { FetchProgress } from '../../src/registry/registry.ts';
import type { ArtifactRegistry } from '../../src/registry/store-registry.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { oddName, type StoreFacts } from '../support/registry-store.ts';

/** A store filled by `test/support/make_store.py`. */
export interface RegistryFixture {
  readonly options: Pick<RegistryOptions, 'trackingUri' | 'cwd'> & Partial<RegistryOptions>;
  readonly facts: StoreFacts;
  /** Its artifacts are on this machine and must be used in place. */
  readonly local: boolean;
  /** False: a plain folder, which has no aliases, stages and runs. */
  readonly mlflow: boolean;
  /** Registers one more version of `echo`, not through us; its number. */
  register(): Promise<string>;
  stop(): Promise<void>;
}

const signal = AbortSignal.timeout(600_000);

/** Every implementation of Registry must pass this, over a real store. */
export function registrySuite(name: string, start: () => Promise<RegistryFixture>): void {
  describe(`a registry in ${name}`, () => {
    let fixture: RegistryFixture;
    let registry: ArtifactRegistry;
    let cacheDir: string;
    // What was started is stopped, also when the next step of starting fails.
    const started: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      cacheDir = await mkdtemp(join(tmpdir(), 'countersign-cache-'));
      started.push(() => rm(cacheDir, { recursive: true }));
      fixture = await start();
      started.push(() => fixture.stop());
      registry = await open();
      started.push(() => registry.close());
    });
    afterAll(async () => {
      for (const stop of started.toReversed()) await stop();
    });

    const open = (): Promise<ArtifactRegistry> =>
      openRegistry({
        registryUri: null,
        artifactsDestination: null,
        cacheDir,
        python: null,
        env: {},
        logger: silentLogger,
        ...fixture.options,
      });

    test('lists every model by name, with its versions newest first, and no prompt', async () => {
      const models = await registry.models(signal);
      expect(models.map((model) => model.name)).toEqual(['broken', 'copied', 'echo', oddName, 'many']);
      const many = models.find((model) => model.name === 'many');
      expect(many?.versions.map((version) => version.version)).toEqual(
        Array.from({ length: 12 }, (_, index) => String(12 - index)),
      );
    });

    test('tells a model with its versions, and not the deleted one', async () => {
      const echo = await registry.model('echo', signal);
      expect(echo.versions.map((version) => version.version)).toEqual(['3', '1']);
      expect(echo.versions.every((version) => version.model === 'echo' && version.status === 'READY')).toBe(
        true,
      );
      expect(echo.versions.every((version) => (version.createdAt ?? 0) > 1.5e12)).toBe(true);
      expect(await registry.model(oddName, signal)).toMatchObject({
        name: oddName,
        versions: [{ version: '1' }],
      });
    });

    test('tells aliases, stages, descriptions and runs as MLflow has them', async () => {
      const echo = await registry.model('echo', signal);
      if (!fixture.mlflow) {
        expect(echo).toMatchObject({ aliases: {}, description: null });
        return;
      }
      expect(echo.aliases).toEqual({ champion: '1', candidate: '3' });
      expect(echo.description).toBe('Answers what it is asked');
      const [third, first] = echo.versions;
      expect(first).toMatchObject({
        stage: 'Production',
        description: 'The first',
        runId: fixture.facts.runId,
      });
      expect(third).toMatchObject({ stage: 'Staging', description: null });
    });

    test('describes a version from its MLmodel', async () => {
      const third = await registry.describe({ model: 'echo', version: '3' }, signal);
      expect(third).toMatchObject({ model: 'echo', version: '3', mlflowVersion: fixture.facts.mlflow });
      expect(third.flavors['python_function']?.['loader_module']).toBe('mlflow.pyfunc.loaders.code_model');
      expect(third.signature?.inputs).toMatchObject({ kind: 'columns', columns: [{ name: 'x' }] });
      expect(third.signature?.params).toMatchObject([{ name: 'scale', default: 2 }]);
      const first = await registry.describe({ model: 'echo', version: '1' }, signal);
      expect(first.signature?.params).toEqual([]);
      expect(first.example).toBeNull();
      expect(first.modelId).toBe(fixture.facts.modelId);
      const copied = await registry.describe({ model: 'copied', version: '1' }, signal);
      expect(copied).toEqual({ ...first, model: 'copied' });
    });

    test('reads one file of a version, and null where there is none', async () => {
      const version = { model: 'echo', version: '3' };
      const { example } = await registry.describe(version, signal);
      const file = await registry.read(version, example?.path ?? '', signal);
      expect(new TextDecoder().decode(file ?? undefined)).toContain('1.5');
      expect(await registry.read(version, 'no/such.file', signal)).toBeNull();
      expect(await registry.read(version, '../../secret', signal)).toBeNull();
    });

    test('hands out the files of a version, and the same folder the second time', async () => {
      const version = { model: 'echo', version: '3' };
      const told: FetchProgress[] = [];
      const { directory } = await registry.fetch(version, signal, (progress) => told.push(progress));
      expect(await readFile(join(directory, 'MLmodel'), 'utf8')).toContain('python_function');
      await access(join(directory, 'echo_code.py'));
      const inCache = directory.startsWith(cacheDir);
      expect(inCache).toBe(!fixture.local);
      if (inCache) {
        const last = told.at(-1);
        expect(last?.files).toBe(last?.filesTotal);
        expect(last?.bytes).toBe(last?.bytesTotal);
        expect(last?.bytes).toBeGreaterThan(100);
      }
      const other = await open();
      const again: FetchProgress[] = [];
      expect(await other.fetch(version, signal, (progress) => again.push(progress))).toEqual({ directory });
      expect(again).toEqual([]);
      await other.close();
    });

    test('finds a version that is registered after it was opened', async () => {
      const version = await fixture.register();
      const echo = await registry.model('echo', signal);
      expect(echo.versions[0]?.version).toBe(version);
      const described = await registry.describe({ model: 'echo', version }, signal);
      expect(described.signature?.inputs).toMatchObject({ kind: 'columns' });
    });

    test('names what exists when asked for what does not', async () => {
      await expect(registry.model('eco', signal)).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
        message: expect.stringContaining('echo') as string,
      });
      await expect(registry.model(`a/b:'"`, signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
      await expect(registry.model('..', signal)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
      await expect(registry.describe({ model: 'eco', version: '1' }, signal)).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
      });
      for (const version of ['2', '99', '99999999999']) {
        await expect(registry.describe({ model: 'echo', version }, signal)).rejects.toMatchObject({
          code: 'VERSION_NOT_FOUND',
          message: expect.stringMatching(`no version ${version}; it has: .*3, 1`) as string,
        });
      }
    });

    test('says in one line what is wrong with a broken artifact', async () => {
      const missing = { model: 'broken', version: '1' };
      const notThere = fixture.mlflow ? /ARTIFACT_UNREADABLE|INVALID_MLMODEL/ : /VERSION_NOT_FOUND/;
      await expect(registry.describe(missing, signal)).rejects.toMatchObject({
        code: expect.stringMatching(notThere) as string,
      });
      await expect(registry.fetch(missing, signal)).rejects.toMatchObject({
        code: expect.stringMatching(notThere) as string,
      });
      for (const [version, words] of [
        ['2', /no flavors/],
        ['3', /not YAML/],
      ] as const) {
        await expect(registry.describe({ model: 'broken', version }, signal)).rejects.toMatchObject({
          code: 'INVALID_MLMODEL',
          message: expect.stringMatching(words) as string,
        });
      }
    });

    test('resolves the model URIs that MLflow users type', async () => {
      const version = async (uri: string): Promise<string> =>
        (await resolveModelUri(registry, uri, signal)).version.version;
      expect(await version('models:/echo/3')).toBe('3');
      expect(await version('models:/echo/003')).toBe('3');
      expect(Number(await version('models:/echo/Latest'))).toBeGreaterThanOrEqual(3);
      expect(
        (await resolveModelUri(registry, `models:/${encodeURIComponent(oddName)}/1`, signal)).version.model,
      ).toBe(oddName);
      await expect(version('models:/echo')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      await expect(version('models:/echo@nobody')).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
      await expect(version('models:/echo/Archived')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
      if (!fixture.mlflow) return;
      expect(await version('models:/echo@champion')).toBe('1');
      expect(await version('models:/echo/production')).toBe('1');
      expect(await version('models:/echo/STAGING')).toBe('3');
    });

    test('serves an artifact that is not registered as version 1 of a model', async () => {
      const { modelId, runId, source } = fixture.facts;
      const uris = [
        source,
        ...(modelId === null ? [] : [`models:/${modelId}`]),
        ...(runId === null ? [] : [`runs:/${runId}/echo_model`]),
      ];
      for (const uri of uris) {
        const found = await resolveModelUri(registry, uri, signal, 'mine');
        expect(found.version).toEqual({ model: 'mine', version: '1' });
        const described = await found.registry.describe(found.version, signal);
        expect(described).toMatchObject({ model: 'mine', version: '1', modelId });
        const { directory } = await found.registry.fetch(found.version, signal);
        await access(join(directory, 'echo_code.py'));
        expect(await found.registry.models(signal)).toMatchObject([
          { name: 'mine', versions: [{ version: '1' }] },
        ]);
        await expect(found.registry.model('other', signal)).rejects.toMatchObject({
          code: 'MODEL_NOT_FOUND',
        });
      }
      const gone = await resolveModelUri(registry, 'runs:/0123456789abcdef0123456789abcdef/model', signal);
      await expect(gone.registry.describe(gone.version, signal)).rejects.toMatchObject({
        code: 'ARTIFACT_UNREADABLE',
        message: expect.stringContaining('runs:/') as string,
      });
    });

    test('stops when asked to', async () => {
      const aborted = AbortSignal.abort(new Error('enough'));
      await expect(registry.models(aborted)).rejects.toThrow('enough');
      await expect(registry.model('echo', aborted)).rejects.toThrow('enough');
    });
  });
}
