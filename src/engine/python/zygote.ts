import { countersignError } from '../../errors/countersign-error.ts';
import type { HostMessage } from '../../frames/message.ts';
import { Connection } from './connection.ts';
import type { HostProcess, StartRequest } from './host-process.ts';
import { Introduction } from './introduction.ts';
import { Output } from './output.ts';
import { type HostContext, startHost } from './spawn.ts';

/** A fork needs milliseconds; one that has not answered by then hangs in a lock it inherited. */
const probeTimeoutMs = 15_000;

/** The forking process of one environment, seen from the gateway. Its workers die with it. */
export class Zygote {
  readonly gone: Promise<void>;
  readonly #context: HostContext;
  readonly #process: HostProcess;
  readonly #exits: Exits;

  private constructor(context: HostContext, process: HostProcess, exits: Exits) {
    this.#context = context;
    this.#process = process;
    this.#exits = exits;
    this.gone = process.connection.closed.then(() => {
      exits.all('its zygote ended');
    });
  }

  static async start(context: HostContext, signal: AbortSignal): Promise<Zygote> {
    const exits = new Exits();
    const process = await startHost(context, 'zygote', signal, (message) => {
      exits.note(message);
    });
    return new Zygote(context, process, exits);
  }

  /** A new worker that has answered a probe. Errors: WORKER_NOT_STARTED; the signal's reason. */
  async fork({ imports, logger }: StartRequest, signal: AbortSignal): Promise<HostProcess> {
    const { hub, clock } = this.#context;
    const output = new Output(logger);
    const introduction = new Introduction(hub, output);
    const pid = await this.#fork(introduction.key, imports);
    const exited = this.#exits.of(pid);
    const kill = (): void => void this.#process.connection.ask({ type: 'kill', pid });
    try {
      const socket = await introduction.socket(probeTimeoutMs, clock, exited, signal);
      if (socket === null) throw countersignError('WORKER_NOT_STARTED', 'a forked process did not say hello');
      const connection = new Connection(socket, () => undefined);
      await this.#probe(connection);
      signal.throwIfAborted();
      return { pid, connection, output, origin: 'forked', kill, exited };
    } catch (error) {
      kill();
      throw error;
    }
  }

  close(): void {
    this.#process.connection.end();
    this.#context.clock.after(1000, () => {
      this.#process.kill();
    });
  }

  async #fork(key: string, imports: readonly string[]): Promise<number> {
    const reply = await this.#process.connection.ask({ type: 'fork', key, imports });
    if (reply?.type === 'forked') return reply.pid;
    const why = reply?.type === 'failed' ? reply.args.join() : 'the zygote died';
    throw countersignError('WORKER_NOT_STARTED', why);
  }

  async #probe(connection: Connection): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<null>();
    const cancel = this.#context.clock.after(probeTimeoutMs, () => {
      resolve(null);
    });
    const reply = await Promise.race([connection.ask({ type: 'ping' }), promise]);
    cancel();
    if (reply?.type !== 'end') throw countersignError('WORKER_NOT_STARTED', 'a forked process did not answer its probe');
  }
}

/** How forked processes ended; the news may come before or after somebody asks. */
class Exits {
  readonly #exits = new Map<number, PromiseWithResolvers<string>>();

  of(pid: number): Promise<string> {
    return this.#entry(pid).promise;
  }

  note(message: HostMessage): void {
    if (message.type !== 'exited') return;
    const { pid, status } = message;
    this.#entry(pid).resolve(status < 0 ? `signal ${String(-status)}` : `exit code ${String(status)}`);
    // Numbers come again; whoever asked already holds the promise, or asks within this turn.
    setImmediate(() => this.#exits.delete(pid));
  }

  all(how: string): void {
    for (const { resolve } of this.#exits.values()) resolve(how);
  }

  #entry(pid: number): PromiseWithResolvers<string> {
    let entry = this.#exits.get(pid);
    if (entry === undefined) this.#exits.set(pid, (entry = Promise.withResolvers()));
    return entry;
  }
}
