import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { pythonEnv } from '../../test/support/python-env.ts';
import type { Asked } from '../contestants.ts';
import { cache, requirements } from '../paths.ts';
import type { Prepared } from '../prepare.ts';
import type { Peer } from './peer.ts';

const here = import.meta.dirname;

/** Makes the environments of the other servers, and says how to start them. */
export async function preparePeers(): Promise<readonly Peer[]> {
  const [lit, seldon, bento] = [
    await pythonEnv('litserve', undefined, requirements),
    await pythonEnv('mlserver', undefined, requirements),
    await pythonEnv('bentoml', undefined, requirements),
  ];
  await writeMlserverSettings();
  return [litserve(lit), mlserver(seldon), bentoml(bento)];
}

/** With batching of up to 64 requests within 5 ms. */
function litserve(python: string): Peer {
  return {
    name: 'LitServe',
    launch: (prepared, { model, body }) => ({
      name: 'LitServe, batching',
      command: python,
      args: (port) => [join(here, 'litserve_server.py'), prepared.folders[model] ?? '', String(port)],
      path: '/invocations',
      body,
    }),
  };
}

const mlserverFolder = join(cache, 'mlserver');

async function writeMlserverSettings(): Promise<void> {
  await mkdir(mlserverFolder, { recursive: true });
  const settings = { name: 'model', implementation: 'mlserver_mlflow.MLflowRuntime' };
  await writeFile(join(mlserverFolder, 'model-settings.json'), JSON.stringify(settings));
}

/** It reads ports and the model from the environment; gRPC and its metrics take a port each beside it. */
function mlserver(python: string): Peer {
  return {
    name: 'MLServer',
    launch: (prepared: Prepared, { model, body }: Asked) => ({
      name: 'MLServer',
      command: 'sh',
      args: (port) => [
        '-c',
        'export MLSERVER_HTTP_PORT=$1 MLSERVER_GRPC_PORT=$(($1+1)) MLSERVER_METRICS_PORT=$(($1+2)); exec "$2" start "$3"',
        'sh',
        String(port),
        join(dirname(python), 'mlserver'),
        mlserverFolder,
      ],
      env: {
        MLSERVER_HOST: '127.0.0.1',
        MLSERVER_MODEL_URI: prepared.folders[model] ?? '',
        MLSERVER_DEBUG: 'false',
      },
      path: '/invocations',
      body,
    }),
  };
}

/** Without batching: its batching of frames never answers. */
function bentoml(python: string): Peer {
  return {
    name: 'BentoML',
    launch: (prepared, { model, body }) => ({
      name: 'BentoML',
      command: join(dirname(python), 'bentoml'),
      args: (port) => ['serve', 'bentoml_service:Pyfunc', '--host', '127.0.0.1', '--port', String(port)],
      cwd: here,
      env: {
        MODEL_FOLDER: prepared.folders[model] ?? '',
        BENTOML_HOME: join(cache, 'bentoml'),
        BENTOML_DO_NOT_TRACK: 'True',
      },
      path: '/invocations',
      body,
    }),
  };
}
