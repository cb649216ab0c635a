import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startMlflowServer } from '../support/mlflow-server.ts';
import { pythonEnv } from '../support/python-env.ts';
import { orStop } from '../support/server-process.ts';
import { buildFolder, buildStore, registerVersion, type MakeStore } from '../support/registry-store.ts';
import { registrySuite, type RegistryFixture } from '../suites/registry.ts';

type Release = 'mlflow2' | 'mlflow3';

async function workshop(release: Release): Promise<MakeStore> {
  return { python: await pythonEnv(release), cwd: await mkdtemp(join(tmpdir(), 'countersign-store-')) };
}

/** A store that MLflow writes on this machine without a server. */
async function localStore(release: Release, trackingUri: string): Promise<RegistryFixture> {
  const make = await workshop(release);
  const facts = await buildStore(make, trackingUri);
  return {
    options: { trackingUri, cwd: make.cwd },
    facts,
    local: true,
    mlflow: true,
    register: () => registerVersion(make, trackingUri, facts),
    stop: () => rm(make.cwd, { recursive: true }),
  };
}

/** A store behind a running server: read through it, or directly beside it. */
async function serverStore(release: Release, way: 'http' | 'direct'): Promise<RegistryFixture> {
  const make = await workshop(release);
  const server = await startMlflowServer({ directory: make.cwd, environment: release });
  const facts = await orStop(server, () => buildStore(make, server.uri));
  const options =
    way === 'http'
      ? { trackingUri: server.uri }
      : { trackingUri: server.storeUri, artifactsDestination: server.artifacts };
  return {
    options: { ...options, cwd: make.cwd },
    facts,
    local: way === 'direct',
    mlflow: true,
    register: () => registerVersion(make, server.uri, facts),
    async stop() {
      await server.stop();
      await rm(make.cwd, { recursive: true });
    },
  };
}

async function plainFolder(): Promise<RegistryFixture> {
  const make = await workshop('mlflow3');
  const root = join(make.cwd, 'models');
  const facts = await buildFolder(make, root);
  return {
    options: { trackingUri: root, cwd: make.cwd },
    facts: { ...facts, modelId: null },
    local: true,
    mlflow: false,
    async register() {
      await cp(join(root, 'echo', '1'), join(root, 'echo', '4'), { recursive: true });
      return '4';
    },
    stop: () => rm(make.cwd, { recursive: true }),
  };
}

registrySuite('sqlite of MLflow 3.17', () => localStore('mlflow3', 'sqlite:///mlflow.db'));
registrySuite('sqlite of MLflow 2.22', () => localStore('mlflow2', 'sqlite:///mlflow.db'));
registrySuite("a running server's sqlite of MLflow 3.17 and its artifacts folder", () =>
  serverStore('mlflow3', 'direct'),
);
registrySuite('a file store of MLflow 3.17', () => localStore('mlflow3', 'mlruns'));
registrySuite('a file store of MLflow 2.22', () => localStore('mlflow2', 'mlruns'));
registrySuite('a plain folder', plainFolder);
registrySuite('an MLflow 3.17 server', () => serverStore('mlflow3', 'http'));
registrySuite('an MLflow 2.22 server', () => serverStore('mlflow2', 'http'));
