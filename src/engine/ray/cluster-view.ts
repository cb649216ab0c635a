import type { Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import type { Dashboard } from './dashboard.ts';
import type { ServeInstance } from './instance.ts';

/** While requests come, what is known of the cluster is read again so often. */
const periodMs = 5_000;
/** After a failure it is read sooner, but not more often than this. */
const pauseMs = 500;
/** Nobody asked for so long: the first who does waits for a new reading ... */
const quietMs = 30_000;
/** ... so long at most; then it goes by what is known. */
const patienceMs = 1_000;
/** A head that takes longer is asked again later. */
const readingMs = 5_000;

type Head = Pick<Dashboard, 'address' | 'instance'>;

/**
 * What runs on the cluster, read in the background: one small request for all models, every five seconds while anybody
 * asks for anything and soon after something failed; none in a quiet gateway.
 */
export class ClusterView {
  readonly dashboard: Head;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #listeners: ((instance: ServeInstance) => Promise<void>)[] = [];
  #instance: ServeInstance | null = null;
  #reading: Promise<void> | null = null;
  #triedMs = -Infinity;
  #usedMs = -Infinity;
  #due: { readonly atMs: number; readonly cancel: () => void } | null = null;

  constructor(dashboard: Head, clock: Clock, logger: Logger) {
    this.dashboard = dashboard;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The last that was read; null before. */
  get instance(): ServeInstance | null {
    return this.#instance;
  }

  /** Told of each reading, which is not over before all that they do about it is. */
  onRead(listener: (instance: ServeInstance) => Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** Somebody goes by it: it stays fresh. Errors: those of the dashboard, when nothing is known at all. */
  async use(signal: AbortSignal): Promise<ServeInstance> {
    const quiet = this.#instance !== null && this.#clock.monotonicMs() - this.#usedMs > quietMs;
    const known = this.#instance ?? (await this.read(signal));
    this.stayFresh();
    if (!quiet) return known;
    const enough = sleep(this.#clock, patienceMs, signal, { keepsAlive: true });
    await Promise.race([this.#refresh(), enough]);
    return this.#instance ?? known;
  }

  stayFresh(): void {
    this.#usedMs = this.#clock.monotonicMs();
    if (this.#due === null) this.#schedule(periodMs);
  }

  /** Something is not as it was read. */
  doubt(): void {
    this.#schedule(pauseMs);
  }

  /** Reads it now. Errors: those of the dashboard. */
  async read(signal: AbortSignal): Promise<ServeInstance> {
    this.#triedMs = this.#clock.monotonicMs();
    const instance = await this.dashboard.instance(signal);
    this.#instance = instance;
    await Promise.all(this.#listeners.map((listener) => listener(instance)));
    return instance;
  }

  close(): void {
    this.#closing.abort();
    this.#due?.cancel();
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#readQuietly().finally(() => {
      this.#reading = null;
      if (this.#clock.monotonicMs() - this.#usedMs <= periodMs) this.#schedule(periodMs);
    });
    return this.#reading;
  }

  async #readQuietly(): Promise<void> {
    const late = new AbortController();
    const cancel = this.#clock.after(readingMs, () => {
      late.abort(new Error('the head takes too long'));
    });
    try {
      await this.read(AbortSignal.any([this.#closing.signal, late.signal]));
    } catch (error) {
      // The head may be gone for a while; replicas answer without it.
      if (!this.#closing.signal.aborted) this.#logger.debug({ error }, 'the cluster could not be read');
    } finally {
      cancel();
    }
  }

  /** Reads it again so long after it was last tried, unless that is to happen sooner anyway. */
  #schedule(ms: number): void {
    if (this.#closing.signal.aborted) return;
    const nowMs = this.#clock.monotonicMs();
    const atMs = Math.max(nowMs, this.#triedMs + ms);
    if (this.#due !== null && this.#due.atMs <= atMs) return;
    this.#due?.cancel();
    const cancel = this.#clock.after(atMs - nowMs, () => {
      this.#due = null;
      void this.#refresh();
    });
    this.#due = { atMs, cancel };
  }
}
