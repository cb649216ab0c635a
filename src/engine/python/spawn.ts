import { type ChildProcess, spawn } from 'node:child_process';

import type { PythonEnvironment } from '../../environment/environments.ts';
import { type CountersignError, countersignError } from '../../errors/countersign-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import { Connection } from './connection.ts';
import type { HostProcess, Launcher } from './host-process.ts';
import type { Hub } from './hub.ts';
import { Introduction } from './introduction.ts';
import { Output } from './output.ts';

export interface HostContext {
  readonly environment: PythonEnvironment;
  readonly hub: Hub;
  /** The directory that holds the package `countersign_host`. */
  readonly hostDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An interpreter on a busy machine, with a cold disk. */
const helloTimeoutMs = 120_000;

// At the end of the path: nothing of the model's or its environment's is hidden by the host.
const bootstrap = (module: string): string =>
  `import sys; sys.path.append(sys.argv[1]); from countersign_host.${module} import main; main(*sys.argv[2:])`;

/** Starts an interpreter that runs a module of the host; it will say hello with `key`. */
function startInterpreter(context: HostContext, module: 'worker' | 'zygote', key: string, output: Output): ChildProcess {
  const { environment, hub, hostDirectory, env } = context;
  const args = ['-c', bootstrap(module), hostDirectory, hub.path, key, String(process.pid)];
  const child = spawn(environment.python, args, {
    env: hostEnvironment(env, environment.id !== 'local'),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in a terminal is for the gateway, which ends its workers when it is done.
    detached: true,
  });
  output.read(child.stdout);
  output.read(child.stderr);
  return child;
}

/** Environment variables of a host process. One thread per library unless the user says otherwise: workers are the parallelism. */
function hostEnvironment(env: HostContext['env'], isolated: boolean): NodeJS.ProcessEnv {
  const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1', VECLIB_MAXIMUM_THREADS: '1' };
  const quiet = { TOKENIZERS_PARALLELISM: 'false', GIT_PYTHON_REFRESH: 'quiet' };
  // What MLflow's own server sets for its models; and crashes of C code leave a trace in the log.
  const serving = { _MLFLOW_IS_IN_SERVING_ENVIRONMENT: 'true', PYTHONFAULTHANDLER: '1' };
  const merged: NodeJS.ProcessEnv = { ...threads, ...quiet, ...serving, ...env };
  // Without compiled files every start would import three to five times slower.
  delete merged['PYTHONDONTWRITEBYTECODE'];
  // An isolated environment has its own packages and home.
  if (isolated) for (const name of ['PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV']) Reflect.deleteProperty(merged, name);
  return merged;
}

/** How a child ended, in words. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
  });
}

/** Starts one interpreter and waits for its hello. `onEvent` gets what it says unasked. */
export async function startHost(
  context: HostContext,
  module: 'worker' | 'zygote',
  signal: AbortSignal,
  onEvent: ConstructorParameters<typeof Connection>[1],
): Promise<HostProcess> {
  const output = new Output(context.logger);
  const introduction = new Introduction(context.hub, output);
  const child = startInterpreter(context, module, introduction.key, output);
  const exited = endOf(child);
  try {
    const socket = await introduction.socket(helloTimeoutMs, context.clock, exited, signal);
    if (socket === null || child.pid === undefined) throw await notStarted(child, exited, output);
    const kill = (): void => void child.kill('SIGKILL');
    const connection = new Connection(socket, onEvent);
    return { pid: child.pid, connection, output, origin: 'spawned', kill, exited };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Why there was no hello, from how it ended and what it printed last. */
async function notStarted(child: ChildProcess, exited: Promise<string>, output: Output): Promise<CountersignError> {
  child.kill('SIGKILL');
  const end = await exited;
  const said = output.lastLines.join('\n');
  const missing = /No module named '([\w.]+)'/.exec(said)?.[1];
  const reason = output.lastLines.at(-1) ?? end;
  const error =
    missing === undefined ? countersignError('WORKER_NOT_STARTED', reason) : countersignError('MODULE_MISSING', missing);
  return error.with({ cause: `${end}: ${said}` });
}

/** Starts every worker as an interpreter of its own. */
export function createSpawner(context: HostContext): Launcher {
  return {
    start: ({ logger }, signal) => startHost({ ...context, logger }, 'worker', signal, () => undefined),
    close: () => Promise.resolve(),
  };
}
