import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ServerProcess {
  readonly pid: number;
  /** Everything it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** How long it may take to be ready. Default 90 000: `mlflow server` on a busy machine. */
  readonly timeoutMs?: number;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) kill(child, 'SIGKILL');
});

/** Starts a server and waits until `isReady`; it is stopped with its whole process group, also when the test run dies. */
export async function startServer(
  command: ServerCommand,
  isReady: () => Promise<boolean>,
): Promise<ServerProcess> {
  const { uid, gid } = command;
  const child = spawn(command.command, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
  });
  let output = '';
  const keep = (text: Buffer): void => {
    output = `${output}${text.toString()}`.slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  alive.add(child);
  const stop = (): Promise<void> => stopChild(child);
  try {
    await untilReady(child, isReady, command.timeoutMs ?? 90_000);
  } catch (thrown) {
    await stop();
    throw new Error(`${command.command} ${command.args.join(' ')}: ${String(thrown)}\n${output}`, {
      cause: thrown,
    });
  }
  return { pid: child.pid ?? -1, output: () => output, stop };
}

/** The result of `job`; when it fails, the server that it needed is stopped. */
export async function orStop<Result>(
  server: { stop(): Promise<void> },
  job: () => Promise<Result>,
): Promise<Result> {
  try {
    return await job();
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** True when a GET answers with a status below 500. */
export async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (response) => response.status < 500,
    () => false,
  );
}

async function untilReady(
  child: ChildProcess,
  isReady: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const end = AbortSignal.timeout(timeoutMs);
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  while (!(await isReady())) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`ended with ${String(child.exitCode)}`);
    if (end.aborted) throw new Error('not ready in time');
    await delay(150);
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  alive.delete(child);
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  kill(child, 'SIGTERM');
  const stubborn = setTimeout(() => {
    kill(child, 'SIGKILL');
  }, 10_000);
  await ended;
  clearTimeout(stubborn);
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}
