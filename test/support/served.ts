import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { afterAll } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

export interface ServedOptions {
  /** More environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Another script than the command line, such as the demo. */
  readonly script?: string;
}

const alive = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of alive) child.kill('SIGKILL');
};
// A test that runs into its time limit disposes of nothing.
afterAll(killAll);
process.once('exit', killAll);

/** A real `countersign` process on a free port. `await using` stops it, also when the test fails. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** All it wrote to standard error so far. */
  stderr(): string;
  stdout(): string;
  /** Resolves when /readyz answers 200, throws with the log when the process ends first. */
  ready(): Promise<void>;
  get(path: string): Promise<Response>;
  /** Posts JSON (text as it is); `selector` is the header that names a version. */
  post(path: string, body: unknown, selector?: string): Promise<Response>;
  /** Sends SIGTERM (or another) and resolves with how it ended. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts `countersign ARGS --port 0` from the sources and waits until the port is open. */
export async function serve(args: readonly string[], options: ServedOptions = {}): Promise<Served> {
  const run = start([...args, '--port', '0'], options);
  const url = await Promise.race([listening(run), died(run)]);
  const stop: Served['stop'] = async (signal = 'SIGTERM') => {
    if (run.child.exitCode === null && run.child.signalCode === null) {
      const ended = once(run.child, 'close');
      run.child.kill(signal);
      await ended;
    }
    return { code: run.child.exitCode, signal: run.child.signalCode };
  };
  const fetchFrom = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url + path, { ...init, redirect: 'manual', signal: AbortSignal.timeout(longestAnswerMs) });
  return {
    url,
    pid: run.child.pid ?? 0,
    process: run.child,
    get: (path) => fetchFrom(path),
    post: (path, body, selector) =>
      fetchFrom(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(selector !== undefined && { serve_multiplexed_model_id: selector }),
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    stderr: () => run.output.stderr,
    stdout: () => run.output.stdout,
    ready: () => Promise.race([untilReady(url), died(run)]),
    stop,
    async [Symbol.asyncDispose]() {
      const killer = setTimeout(() => run.child.kill('SIGKILL'), 15_000);
      await stop();
      clearTimeout(killer);
    },
  };
}

/** Runs `countersign ARGS` to its end. */
export async function countersign(
  args: readonly string[],
  options: ServedOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { child, output } = start(args, options);
  await once(child, 'close');
  return { code: child.exitCode, ...output };
}

/** No test waits longer for one answer; the first one of a model builds its environment. */
const longestAnswerMs = 300_000;

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
}

function start(args: readonly string[], options: ServedOptions): Run {
  const script = options.script ?? 'bin/countersign.js';
  const child = spawn(process.execPath, [resolve(root, script), ...args], {
    cwd: options.cwd ?? root,
    env: environment(options.env ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { child, output };
}

/** The test's own environment without what would steer MLflow or countersign, and with a cache of the checkout. */
function environment(extra: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(MLFLOW|COUNTERSIGN|VITEST|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(clean), COUNTERSIGN_CACHE: join(root, '.cache', 'countersign'), ...extra };
}

async function listening({ child, output }: Run): Promise<string> {
  for (;;) {
    const url = /^Listening on (\S+)$/m.exec(output.stdout)?.[1];
    if (url !== undefined) return url;
    if (child.stdout === null) throw new Error('no standard output');
    await once(child.stdout, 'data');
  }
}

async function died({ child, output }: Run): Promise<never> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  throw new Error(
    `countersign ended with ${String(child.exitCode ?? child.signalCode)}:\n${output.stdout}\n${output.stderr}`,
  );
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${url}/readyz`);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
