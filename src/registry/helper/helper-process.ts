import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { asRecord, asText } from '../../util/unknown.ts';
import type { Environment } from '../http-client.ts';

/** What the helper said: a result, or why there is none; `missing` is the Python module that would help. */
export type HelperAnswer = { readonly ok: true; readonly result: unknown } | HelperRefusal;

export interface HelperRefusal {
  readonly ok: false;
  readonly message: string;
  readonly missing: string | null;
}

export interface HelperOptions {
  /** The interpreter that has MLflow; null if there is none. */
  readonly python: string | null;
  readonly env: Environment;
  /** What the helper is opened for: `{tracking_uri, registry_uri}`, either may be null. */
  readonly stores: Readonly<Record<string, string | null>>;
}

const pythonPackages = resolve(import.meta.dirname, '../../../python');

/**
 * MLflow's own client in a process of its own, for stores and artifacts that are not read natively. JSON lines
 * over stdin and stdout; it starts with the first call, and again after it died. It ends with its stdin, so it
 * cannot outlive us.
 */
export class HelperProcess {
  readonly #options: HelperOptions;
  #running: Running | undefined;
  #closed = false;

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  /** Never throws but when `signal` aborts: then the answer, if it still comes, is dropped. */
  async call(method: string, params: object, signal: AbortSignal): Promise<HelperAnswer> {
    signal.throwIfAborted();
    const python = this.#options.python;
    if (python === null || this.#closed) {
      return { ok: false, message: 'no Python is at hand to run it', missing: 'mlflow' };
    }
    if (this.#running === undefined || this.#running.ended) {
      this.#running = new Running(python, this.#options);
    }
    return this.#running.call(method, params, signal);
  }

  close(): void {
    this.#closed = true;
    this.#running?.kill();
  }
}

/** One life of the process. */
class Running {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: HelperAnswer) => void>();
  readonly #folder: string;
  #nextId = 0;
  #lastWords = '';
  ended = false;

  constructor(python: string, options: HelperOptions) {
    // MLflow's client makes an `mlruns` folder where it runs.
    this.#folder = mkdtempSync(join(tmpdir(), 'countersign-helper-'));
    this.#child = spawn(python, ['-m', 'countersign_host.registry_helper'], {
      cwd: this.#folder,
      env: environment(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#listen();
    this.#child.stdin?.write(`${JSON.stringify(options.stores)}\n`);
  }

  call(method: string, params: object, signal: AbortSignal): Promise<HelperAnswer> {
    const id = (this.#nextId += 1);
    return new Promise((settle, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(id);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(id, (answer) => {
        signal.removeEventListener('abort', onAbort);
        settle(answer);
      });
      if (this.ended) this.#end('it has ended');
      else this.#child.stdin?.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    // At once: our own process may end before it hears of the exit.
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null) return;
    // A broken pipe is told by the exit.
    stdin.on('error', () => undefined);
    createInterface({ input: stdout }).on('line', (line) => {
      this.#answer(line);
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = `${this.#lastWords}${text}`.slice(-2000);
    });
    this.#child.on('error', (error) => {
      this.#end(`it cannot be started (${error.message})`);
    });
    this.#child.on('close', (code, killedBy) => {
      this.#end(`it ended with ${String(killedBy ?? code)}${lastLine(this.#lastWords)}`);
    });
  }

  #answer(line: string): void {
    const message = asRecord(JSON.parse(line));
    const settle = this.#waiting.get(Number(message['id']));
    this.#waiting.delete(Number(message['id']));
    const error = asText(message['error']);
    if (error === null) settle?.({ ok: true, result: message['result'] });
    else settle?.({ ok: false, message: error, missing: asText(message['missing']) });
  }

  #end(how: string): void {
    this.ended = true;
    rmSync(this.#folder, { recursive: true, force: true });
    for (const settle of this.#waiting.values()) {
      settle({ ok: false, message: `the helper process of MLflow: ${how}`, missing: null });
    }
    this.#waiting.clear();
  }
}

function environment(env: Environment): NodeJS.ProcessEnv {
  const path = [pythonPackages, env['PYTHONPATH']].filter((part) => part !== undefined && part !== '');
  return {
    ...env,
    PYTHONPATH: path.join(delimiter),
    // Our package may lie in a read-only folder or one that is shared.
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_ALLOW_FILE_STORE: 'true',
  };
}

function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line}`;
}
