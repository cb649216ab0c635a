import { countersignError } from '../../errors/countersign-error.ts';
import { failure } from '../../frames/failure.ts';
import type { HostMessage, LoadedMessage } from '../../frames/message.ts';
import type { VersionRef } from '../../registry/registry.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import type { Request } from './connection.ts';
import type { HostProcess } from './host-process.ts';
import type { Member } from './pool.ts';

/** How long a worker that was told to end may take for it. */
const graceMs = 1000;

/** A host process that has loaded one version. */
export class Worker implements Member {
  readonly gone: Promise<void>;
  readonly loaded: LoadedMessage;
  /** It has answered a predict: whatever forking may break is whole. */
  proven = false;
  readonly #process: HostProcess;
  readonly #clock: Clock;

  private constructor(process: HostProcess, loaded: LoadedMessage, clock: Clock) {
    this.#process = process;
    this.#clock = clock;
    this.loaded = loaded;
    this.gone = process.connection.closed.then(() => {
      // A process without its connection is of no use to anybody.
      process.kill();
    });
  }

  /** Loads `directory` in the process; the process is gone when this rejects. */
  static async load(
    process: HostProcess,
    ref: VersionRef,
    directory: string,
    signal: AbortSignal,
    clock: Clock,
  ): Promise<Worker> {
    const kill = (): void => {
      process.kill();
    };
    signal.addEventListener('abort', kill, { once: true });
    try {
      signal.throwIfAborted();
      const reply = await process.connection.ask({ type: 'load', directory });
      signal.throwIfAborted();
      if (reply?.type === 'loaded') return new Worker(process, reply, clock);
      throw reply?.type === 'failed' ? failure(reply, ref) : await died(process);
    } catch (error) {
      kill();
      throw error;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  get origin(): HostProcess['origin'] {
    return this.#process.origin;
  }

  /** Asks for one thing; null when the process died over it. */
  async ask(request: Request, requestId: string): Promise<HostMessage | null> {
    this.#process.output.requestId = requestId;
    const reply = await this.#process.connection.ask(request);
    if (reply !== null) this.proven = true;
    return reply;
  }

  kill(): void {
    this.#process.kill();
  }

  async story(): Promise<string> {
    const how = await this.#process.exited;
    const lines = this.#process.output.lastLines;
    return lines.length === 0 ? how : `${how}; its last output:\n${lines.join('\n')}`;
  }

  async stop(): Promise<void> {
    this.#process.connection.end();
    const tooLate = new AbortController();
    const grace = sleep(this.#clock, graceMs, tooLate.signal).then(
      () => {
        this.kill();
      },
      () => undefined,
    );
    await this.#process.exited;
    tooLate.abort();
    await grace;
  }
}

async function died(process: HostProcess): Promise<Error> {
  const how = await process.exited;
  const last = process.output.lastLines.at(-1);
  const said = last === undefined ? '' : `, its last words: ${last}`;
  const cause = process.output.lastLines.join('\n');
  return countersignError('LOAD_FAILED', `its process ended while loading (${how})${said}`).with({ cause });
}
