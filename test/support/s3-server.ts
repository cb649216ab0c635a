import { pythonEnv } from './python-env.ts';
import { answers, freePort, startServer } from './server-process.ts';

export interface S3Server {
  /** What MLflow and countersign need to find it. */
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  stop(): Promise<void>;
}

/** A real S3 server (moto) on a free port, with one empty bucket. */
export async function startS3(): Promise<S3Server> {
  const python = await pythonEnv('moto');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const server = await startServer({ command: python, args }, () => answers(`${endpoint}/moto-api/`));
  const bucket = 'models';
  await fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
  return {
    env: { MLFLOW_S3_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    bucket,
    stop: () => server.stop(),
  };
}
