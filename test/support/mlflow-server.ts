import { join } from 'node:path';

import { pythonEnv } from './python-env.ts';
import { answers, freePort, startServer, type ServerProcess } from './server-process.ts';

export interface MlflowServer extends ServerProcess {
  readonly uri: string;
  /** The folder behind `mlflow-artifacts:/`. */
  readonly artifacts: string;
  /** Its SQLite store. */
  readonly storeUri: string;
}

export interface MlflowServerOptions {
  /** A fresh folder for its store and artifacts, or one that holds both. */
  readonly directory: string;
  /** Default `mlflow3`. */
  readonly environment?: 'mlflow2' | 'mlflow3';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A real `mlflow server` on a free port, with a SQLite store and the artifact proxy. */
export async function startMlflowServer(options: MlflowServerOptions): Promise<MlflowServer> {
  const python = await pythonEnv(options.environment ?? 'mlflow3');
  const port = await freePort();
  const uri = `http://127.0.0.1:${String(port)}`;
  const storeUri = `sqlite:///${join(options.directory, 'server.db')}`;
  const artifacts = join(options.directory, 'artifacts');
  const args = ['--backend-store-uri', storeUri, '--artifacts-destination', artifacts, '--workers', '1'];
  const server = await startServer(
    {
      command: python,
      args: [
        '-m',
        'mlflow',
        'server',
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        ...args,
        ...(options.args ?? []),
      ],
      cwd: options.directory,
      // Without jobs it spares eight processes.
      env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', ...options.env },
    },
    () => answers(`${uri}/health`),
  );
  return { ...server, uri, artifacts, storeUri };
}
