import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A server that is being compared, running. `await using` stops it. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** CPU time of all that serves, in microseconds, where that is not the process tree of `pid`. */
  readonly cpuUs?: () => Promise<number>;
  /** Where bodies are posted. */
  readonly url: string;
  /** From the start of its process to its first answer, in milliseconds. */
  readonly startMs: number;
}

export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Path that bodies are posted to. */
  readonly path: string;
  /** What the first answer is asked with. */
  readonly body: string;
  readonly patienceMs?: number;
}

/** How long a server may take to its first answer, unless it says otherwise. */
const patienceMs = 60_000;
const pollMs = 5;
const graceMs = 10_000;

/** Starts a server on a free port and waits for its first answer. */
export async function start(launch: Launch): Promise<Server> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(launch.command, launch.args(port), {
    cwd: launch.cwd,
    env: { ...process.env, ...launch.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that what it leaves behind can be ended with it.
    detached: true,
  });
  const said = lastWords(child);
  const url = `http://127.0.0.1:${String(port)}${launch.path}`;
  try {
    await firstAnswer(child, url, launch.body, began + (launch.patienceMs ?? patienceMs));
  } catch (error) {
    await stop(child);
    throw new Error(`${launch.name} did not come up:\n${said()}`, { cause: error });
  }
  return {
    name: launch.name,
    pid: child.pid ?? 0,
    url,
    startMs: performance.now() - began,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function firstAnswer(child: ChildProcess, url: string, body: string, until: number): Promise<void> {
  while (child.exitCode === null && performance.now() < until) {
    const headers = { 'content-type': 'application/json' };
    const status = await fetch(url, { method: 'POST', body, headers }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error('no answer');
}

/** SIGTERM, some time, then SIGKILL for all that is left of its process group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(late);
  }
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

function lastWords(child: ChildProcess): () => string {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  return () => said;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
