import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { countersignError } from '../../src/errors/countersign-error.ts';
import { HelperArtifact } from '../../src/registry/helper/helper-artifact.ts';
import { HelperProcess } from '../../src/registry/helper/helper-process.ts';
import { openRegistry } from '../../src/registry/open.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { postgresPrograms, startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { pythonEnv } from '../support/python-env.ts';
import { buildStore, registerVersion, type StoreFacts } from '../support/registry-store.ts';
import { orStop } from '../support/server-process.ts';
import { startS3, type S3Server } from '../support/s3-server.ts';
import { registrySuite, type RegistryFixture } from '../suites/registry.ts';

const signal = AbortSignal.timeout(600_000);

async function s3Store(): Promise<RegistryFixture> {
  const s3 = await startS3();
  const cwd = await mkdtemp(join(tmpdir(), 'countersign-s3-'));
  const make = { python: await pythonEnv('mlflow3'), cwd, env: s3.env };
  const trackingUri = 'sqlite:///mlflow.db';
  const artifacts = `s3://${s3.bucket}/some/prefix`;
  const facts = await orStop(s3, () => buildStore(make, trackingUri, artifacts));
  return {
    options: { trackingUri, cwd, env: s3.env },
    facts,
    local: false,
    mlflow: true,
    register: () => registerVersion(make, trackingUri, facts),
    async stop() {
      await s3.stop();
      await rm(cwd, { recursive: true });
    },
  };
}

const programs = await postgresPrograms();

async function postgresStore(): Promise<RegistryFixture> {
  const postgres = await startPostgres(programs ?? '');
  const cwd = await mkdtemp(join(tmpdir(), 'countersign-postgres-'));
  const python = await pythonEnv('mlflow3');
  const make = { python, cwd };
  const facts = await orStop(postgres, () => buildStore(make, postgres.uri));
  return {
    options: { trackingUri: postgres.uri, cwd, python, env: process.env },
    facts,
    local: true,
    mlflow: true,
    register: () => registerVersion(make, postgres.uri, facts),
    async stop() {
      await postgres.stop();
      await rm(cwd, { recursive: true });
    },
  };
}

registrySuite('sqlite with artifacts in S3', s3Store);
if (programs === null) {
  describe.skip('a registry in PostgreSQL (skipped: postgresql is not installed)', () => undefined);
} else {
  registrySuite('PostgreSQL, through MLflow', postgresStore);
}

describe.skipIf(programs === null)('a PostgreSQL database', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres(programs ?? '');
  });
  afterAll(() => postgres.stop());

  const registry = async (python: string | null, uri: string): ReturnType<typeof openRegistry> =>
    openRegistry({
      trackingUri: uri,
      registryUri: null,
      artifactsDestination: null,
      cacheDir: join(tmpdir(), 'unused'),
      python,
      env: process.env,
      cwd: tmpdir(),
      logger: silentLogger,
    });

  test('that is empty is refused and stays empty', async () => {
    const opened = await registry(await pythonEnv('mlflow3'), postgres.uri);
    for (let time = 0; time < 2; time += 1) {
      await expect(opened.models(signal)).rejects.toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining('the database has no MLflow tables') as string,
      });
    }
    await opened.close();
  });

  test('that is down is told in one line without its password', async () => {
    const opened = await registry(await pythonEnv('mlflow3'), 'postgresql://me:not-for-logs@127.0.0.1:1/db');
    const failure = await opened.models(signal).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(
        /^The registry postgresql:\/\/127.0.0.1:1\/db cannot be reached: .*refused.*$/,
      ) as string,
    });
    expect(String(failure)).not.toContain('not-for-logs');
    await opened.close();
  });

  test('needs a Python with MLflow, and says what to install where there is none', async () => {
    for (const python of [null, await pythonEnv('moto')]) {
      const opened = await registry(python, postgres.uri);
      await expect(opened.models(signal)).rejects.toMatchObject({
        code: 'REGISTRY_UNSUPPORTED',
        message: expect.stringContaining('pip install mlflow in the Python given with --python') as string,
      });
      await opened.close();
    }
  });

  test('needs its driver, and says so', async () => {
    const opened = await registry(await pythonEnv('mlflow2'), postgres.uri);
    await expect(opened.models(signal)).rejects.toMatchObject({
      code: 'REGISTRY_UNSUPPORTED',
      message: expect.stringMatching(/has no psycopg2; pip install psycopg2-binary/) as string,
    });
    await opened.close();
  });
});

describe('an artifact that is fetched with MLflow', () => {
  let s3: S3Server;
  let facts: StoreFacts;
  let directory: string;
  beforeAll(async () => {
    s3 = await startS3();
    directory = await mkdtemp(join(tmpdir(), 'countersign-helper-test-'));
    const make = { python: await pythonEnv('mlflow3'), cwd: directory, env: s3.env };
    facts = await buildStore(make, 'sqlite:///mlflow.db', `s3://${s3.bucket}/prefix`);
  });
  afterAll(async () => {
    await s3.stop();
    await rm(directory, { recursive: true });
  });

  test('is read file by file and downloaded whole', async () => {
    const options = {
      python: await pythonEnv('mlflow3'),
      env: { ...process.env, ...s3.env },
      stores: { tracking_uri: null, registry_uri: null },
    };
    const helper = new HelperProcess(options);
    const fail = (reason: string): Error & ReturnType<typeof countersignError> =>
      countersignError('ARTIFACT_UNREADABLE', 'echo', '1', reason);
    const artifact = new HelperArtifact(facts.source, helper, options, fail);

    const file = await artifact.read('MLmodel', signal);
    expect(new TextDecoder().decode(file ?? undefined)).toContain('python_function');
    expect(await artifact.read('nothing', signal)).toBeNull();

    const target = await mkdtemp(join(directory, 'target-'));
    const told: unknown[] = [];
    await artifact.download(target, signal, (progress) => told.push(progress));
    expect(await readdir(target)).toContain('echo_code.py');
    expect(await readFile(join(target, 'MLmodel'))).toEqual(file);
    expect(told).toHaveLength(1);

    const gone = new HelperArtifact(`s3://no-such-bucket/x`, helper, options, fail);
    await expect(gone.download(target, signal, () => undefined)).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
    helper.close();
  });
});
