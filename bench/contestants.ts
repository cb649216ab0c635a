import { join } from 'node:path';

import { cache, packaged, root } from './paths.ts';
import type { Prepared } from './prepare.ts';
import type { Launch } from './server.ts';

export interface Asked {
  readonly model: string;
  /** A body of `/invocations` that gets an answer. */
  readonly body: string;
}

/** countersign, from the built package. */
export function countersign(
  prepared: Prepared,
  { model, body }: Asked,
  flags: readonly string[] = [],
): Launch {
  const settings = ['--tracking-uri', prepared.trackingUri, '--env-manager', 'local'];
  return {
    name: ['countersign', ...flags].join(' '),
    command: process.execPath,
    args: (port) => [
      join(packaged, 'bin', 'countersign.js'),
      'serve',
      model,
      ...settings,
      '--python',
      prepared.python,
      '--default-version',
      '1',
      '--port',
      String(port),
      ...flags,
    ],
    env: { COUNTERSIGN_CACHE: join(cache, 'countersign') },
    path: '/invocations',
    body,
  };
}

/** MLflow's own server, as its documentation starts it: one worker. */
export function mlflow(
  prepared: Prepared,
  { model, body }: Asked,
  environment: 'local' | 'uv' = 'local',
): Launch {
  const bin = join(prepared.python, '..');
  return {
    name: 'mlflow models serve',
    command: join(bin, 'mlflow'),
    args: (port) => [
      'models',
      'serve',
      '-m',
      `models:/${model}/1`,
      '-p',
      String(port),
      '--env-manager',
      environment,
    ],
    env: {
      MLFLOW_TRACKING_URI: prepared.trackingUri,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    },
    path: '/invocations',
    body,
  };
}

/** The least that Fastify can do with these bodies. */
export function echo({ body }: Asked): Launch {
  return {
    name: 'bare Fastify echo',
    command: process.execPath,
    args: (port) => [join(root, 'bench', 'echo-server.ts'), String(port)],
    path: '/invocations',
    body,
  };
}

/** The least that a server in Node can do with an ONNX model of one input. */
export function bareOnnx(prepared: Prepared, { model, body }: Asked): Launch {
  const graph = join(prepared.folders[model] ?? '', 'model.onnx');
  return {
    name: 'bare Fastify with onnxruntime',
    command: process.execPath,
    args: (port) => [join(root, 'bench', 'onnx-server.ts'), String(port), graph],
    path: '/invocations',
    body,
  };
}
