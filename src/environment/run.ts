import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env: Variables;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Written to the standard input, which is then closed. */
  readonly input?: string;
  /** Each line of either stream as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Ran {
  /** 127 when the command could not be started, as a shell says it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end. A failing command is a result; only an abort rejects (with the signal's reason),
 * after the command and everything it started are dead.
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  options.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Its own process group, so that an abort reaches the build backends and compilers it starts.
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, detached: true });
    const kill = (): void => {
      killGroup(child.pid);
    };
    const stdout = gather(child.stdout, options.onLine);
    const stderr = gather(child.stderr, options.onLine);
    const finish = (exitCode: number, note: string): void => {
      options.signal.removeEventListener('abort', kill);
      if (options.signal.aborted) reject(options.signal.reason as Error);
      else resolve({ exitCode, stdout: stdout(), stderr: stderr() + note });
    };
    options.signal.addEventListener('abort', kill, { once: true });
    child.once('error', (error) => {
      if (child.pid === undefined) finish(127, error.message);
    });
    child.once('close', (code) => {
      finish(code ?? 128, '');
    });
    // A command that does not read its input ends with EPIPE here, which is no news.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

function gather(stream: NodeJS.ReadableStream, onLine: RunOptions['onLine']): () => string {
  const lines: string[] = [];
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    lines.push(line);
    onLine?.(line);
  });
  return () => lines.map((line) => `${line}\n`).join('');
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
