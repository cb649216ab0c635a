import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { HttpClient } from '../../src/registry/http-client.ts';
import { openRegistry, type RegistryOptions } from '../../src/registry/open.ts';
import type { ArtifactRegistry } from '../../src/registry/store-registry.ts';
import { RestStore } from '../../src/registry/stores/rest-store.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { systemClock } from '../../src/util/clock.ts';
import { startMlflowServer, type MlflowServer } from '../support/mlflow-server.ts';
import { pythonEnv } from '../support/python-env.ts';
import { buildStore } from '../support/registry-store.ts';
import { orStop } from '../support/server-process.ts';

const signal = AbortSignal.timeout(600_000);
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'countersign-access-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const open = (options: Partial<RegistryOptions>): Promise<ArtifactRegistry> =>
  openRegistry({
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

describe('an MLflow server with basic auth', () => {
  let server: MlflowServer;
  const admin = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'known-to-the-test' };
  beforeAll(async () => {
    const directory = await mkdtemp(join(scratch, 'auth-'));
    const config = join(directory, 'auth.ini');
    await writeFile(
      config,
      [
        '[mlflow]',
        'default_permission = READ',
        `database_uri = sqlite:///${join(directory, 'auth.db')}`,
        `admin_username = ${admin.MLFLOW_TRACKING_USERNAME}`,
        `admin_password = ${admin.MLFLOW_TRACKING_PASSWORD}`,
        'authorization_function = mlflow.server.auth:authenticate_request_basic_auth',
      ].join('\n'),
    );
    // Filled before the guard is up: hashing the password of a thousand requests takes minutes.
    const open = await startMlflowServer({ directory });
    const make = { python: await pythonEnv('mlflow3'), cwd: directory };
    await orStop(open, () => buildStore(make, open.uri));
    await open.stop();
    server = await startMlflowServer({
      directory,
      args: ['--app-name', 'basic-auth'],
      env: { MLFLOW_AUTH_CONFIG_PATH: config, MLFLOW_FLASK_SERVER_SECRET_KEY: 'only-for-this-test' },
    });
  });
  afterAll(() => server.stop());

  test('is read with the credentials of the environment, or of the URI', async () => {
    const withUser = server.uri.replace('//', '//admin:known-to-the-test@');
    for (const options of [{ trackingUri: server.uri, env: admin }, { trackingUri: withUser }]) {
      const registry = await open(options);
      const { directory } = await registry.fetch({ model: 'echo', version: '1' }, signal);
      expect(await readdir(directory)).toContain('MLmodel');
      expect(registry.uri).toBe(server.uri);
      await registry.close();
    }
  });

  test('says what is missing without them', async () => {
    const registry = await open({ trackingUri: server.uri });
    await expect(registry.models(signal)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('MLFLOW_TRACKING_USERNAME') as string,
    });
    await registry.close();
  });

  test('is listed page by page', async () => {
    const http = new HttpClient([server.uri], admin, systemClock);
    const store = new RestStore({ uri: server.uri, http, modelsPerPage: 2, versionsPerPage: 5 });
    const models = await store.models(signal);
    expect(models).toHaveLength(5);
    expect(models.find((model) => model.name === 'many')?.versions).toHaveLength(12);
    expect((await store.model('many', signal))?.versions).toHaveLength(12);
    await store.close();
  });
});

describe('a registry that cannot be read', () => {
  test.each([
    [
      { trackingUri: 'http://me:secret@127.0.0.1:1' },
      'REGISTRY_UNREACHABLE',
      /http:\/\/127.0.0.1:1 .*refuses/,
    ],
    [{ trackingUri: 'sqlite:///gone.db' }, 'REGISTRY_UNREACHABLE', /sqlite:\/\/\/gone.db .*no such file/],
    [{ trackingUri: '/no/such/folder' }, 'REGISTRY_UNREACHABLE', /no such folder/],
    [{}, 'REGISTRY_UNREACHABLE', /sqlite:\/\/\/mlflow.db .*no such file/],
    [{ trackingUri: 'databricks' }, 'REGISTRY_UNSUPPORTED', /pip install mlflow/],
    [{ env: { MLFLOW_TRACKING_URI: 'mysql://me:secret@db/x' } }, 'REGISTRY_UNSUPPORTED', /mysql:\/\/db\/x/],
  ])('%j says so in one line', async (options, code, words) => {
    const registry = await open(options);
    const failure = await registry.models(signal).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(words) as string });
    expect(String(failure)).not.toMatch(/secret|\n/);
    await registry.close();
  });
});

describe('the bundled example registry', () => {
  const folder = resolve(import.meta.dirname, '../../examples/registry');

  test('is served from its folder, and not a byte of it changes', async () => {
    const before = await fingerprint(folder);
    const registry = await open({
      trackingUri: `sqlite:///${join(folder, 'mlflow.db')}`,
      artifactsDestination: join(folder, 'artifacts'),
    });
    const models = await registry.models(signal);
    expect(models.map((model) => model.name)).toContain('translation_model');
    for (const version of models.flatMap((model) => model.versions)) {
      const described = await registry.describe(version, signal);
      expect(described.signature).not.toBeNull();
      const { directory } = await registry.fetch(version, signal);
      expect(directory.startsWith(folder)).toBe(true);
    }
    await registry.close();
    expect(await fingerprint(folder)).toEqual(before);
  });
});

/** Every file with its size, times and content. */
async function fingerprint(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs, size } = await stat(path);
    const hash = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    return `${path} ${String(mtimeMs)} ${String(size)} ${hash}`;
  });
  return (await Promise.all(lines)).sort();
}
