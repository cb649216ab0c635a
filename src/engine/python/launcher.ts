import { CountersignError } from '../../errors/countersign-error.ts';
import { SingleFlight } from '../../util/single-flight.ts';
import type { HostProcess, Launcher, StartRequest } from './host-process.ts';
import { createSpawner, type HostContext } from './spawn.ts';
import { Zygote } from './zygote.ts';

/**
 * Starts the workers of one environment: forked from its zygote, which costs a tenth of a new interpreter;
 * or, for good, as interpreters of their own, once forking has been seen to fail there.
 */
export class EnvironmentLauncher implements Launcher {
  readonly #context: HostContext;
  readonly #spawner: Launcher;
  readonly #starting = new SingleFlight<'zygote', Zygote>();
  readonly #closing = new AbortController();
  #zygote: Zygote | null = null;
  #forks: boolean;

  constructor(context: HostContext, forks: boolean) {
    this.#context = context;
    this.#spawner = createSpawner(context);
    this.#forks = forks;
  }

  async start(request: StartRequest, signal: AbortSignal): Promise<HostProcess> {
    if (!this.#forks || !request.fork) return this.#spawner.start(request, signal);
    try {
      const zygote = this.#zygote ?? (await this.#starting.run('zygote', () => this.#startZygote()));
      signal.throwIfAborted();
      return await zygote.fork(request, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#distrustForks(CountersignError.from(error).message);
      return this.#spawner.start(request, signal);
    }
  }

  /** From now on every worker of this environment is an interpreter of its own. */
  #distrustForks(reason: string): void {
    this.#forks = false;
    const { logger, environment } = this.#context;
    logger.warn({ environment: environment.id, reason }, 'forking workers failed; they are spawned from now on');
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#zygote?.close();
    return this.#zygote?.gone ?? Promise.resolve();
  }

  async #startZygote(): Promise<Zygote> {
    const zygote = await Zygote.start(this.#context, this.#closing.signal);
    this.#zygote = zygote;
    void zygote.gone.then(() => {
      this.#zygote = null;
    });
    return zygote;
  }
}
