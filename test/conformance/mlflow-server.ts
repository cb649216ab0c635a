import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** MLflow's own scoring server over one model. `await using` stops it, also on failure. */
export interface MlflowServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts what `mlflow models serve --env-manager local` starts, on a free port, and waits until it listens. */
export async function startMlflowServer(python: string, directory: string): Promise<MlflowServer> {
  const app = 'mlflow.pyfunc.scoring_server.app:app';
  const child = spawn(
    python,
    ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', '0', '--no-access-log', app],
    {
      env: {
        ...process.env,
        __pyfunc_model_path__: directory,
        MLFLOW_DISABLE_TELEMETRY: 'true',
        // Some messages print a set, whose order would change from run to run.
        PYTHONHASHSEED: '0',
        OMP_NUM_THREADS: '1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const stop = (): Promise<void> => stopped(child);
  try {
    return { url: await listening(child), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** uvicorn says where it listens once the model is loaded and the port open. */
async function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    // Read to the end also later, or the server would stop at a full pipe.
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-100_000);
      const url = /running on (http:\S+)/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => {
      reject(new Error(`MLflow's server ended before it listened:\n${log}`));
    });
    child.once('error', reject);
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(killer);
}
