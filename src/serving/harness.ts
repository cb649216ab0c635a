import type { Servable } from '../engine/engine.ts';
import { strictLoader } from '../engine/strict.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { backoffMs, type Backoff } from './backoff.ts';
import { loadFailure } from './load-failure.ts';
import type { MakeLoader } from './manager.ts';
import type { Phase, Version } from './version.ts';

export interface HarnessOptions {
  readonly loaderFor: MakeLoader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff: Backoff;
  /** Called on every change of state: after it is true on the way up, before it is true on the way down. */
  readonly onChange: (version: Version) => void;
}

/** How often the progress of one load is logged, at most. */
const progressLogMs = 2_000;

/** Brings single versions up and down, as it is told. When and which is the manager's to decide. */
export class Harness {
  readonly #options: HarnessOptions;
  /** Loads and unloads under way; they never reject. */
  readonly #running = new Set<Promise<void>>();

  constructor(options: HarnessOptions) {
    this.#options = options;
  }

  load(version: Version): void {
    const stop = new AbortController();
    const startedAt = this.#options.clock.monotonicMs();
    this.#become(version, { state: 'loading', stop, startedAt }, 'loading has begun');
    this.#track(this.#bringUp(version, stop.signal, startedAt));
  }

  /** No new handles from now on; `revive` takes it back while it is not unloading. */
  drain(version: Version, reason: string): void {
    if (version.phase.state === 'available')
      this.#become(version, { ...version.phase, state: 'draining' }, reason);
  }

  revive(version: Version): void {
    if (version.phase.state !== 'draining') return;
    this.#become(version, { ...version.phase, state: 'available' }, 'asked for again before it was let go');
  }

  unload(version: Version): void {
    if (version.phase.state !== 'draining') return;
    const { servable } = version.phase;
    this.#become(version, { state: 'unloading' }, version.reason);
    this.#track(this.#bringDown(version, servable));
  }

  /** Resolves when no load and no unload is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #bringUp(version: Version, signal: AbortSignal, startedAt: number): Promise<void> {
    const { clock, loaderFor } = this.#options;
    try {
      const loader = strictLoader(loaderFor(version.ref));
      const servable = await loader.load(signal, this.#progressOf(version));
      version.failures = 0;
      const seconds = ((clock.monotonicMs() - startedAt) / 1000).toFixed(1);
      this.#become(version, { state: 'available', servable }, `loaded in ${seconds} s`);
    } catch (thrown) {
      if (signal.aborted) this.#become(version, { state: 'unloaded' }, 'its load was stopped');
      else this.#fail(version, thrown);
    }
  }

  #fail(version: Version, thrown: unknown): void {
    const { clock, backoff } = this.#options;
    const { error, reason } = loadFailure(version.ref, thrown);
    const retryAt = clock.now() + backoffMs(++version.failures, backoff);
    const retryInMs = retryAt - clock.now();
    this.#options.logger.warn(
      { ...version.ref, reason, retryInMs, err: unsaid(thrown) },
      'version failed to load',
    );
    this.#become(version, { state: 'failed', error, retryAt }, reason);
  }

  async #bringDown(version: Version, servable: Servable): Promise<void> {
    try {
      await servable.unload();
    } catch (err) {
      this.#options.logger.error({ ...version.ref, err }, 'a version did not unload cleanly');
    }
    this.#become(version, { state: 'unloaded' }, version.reason);
  }

  /** Every sentence is the reason from then on; of many in a short time the last one is logged. */
  #progressOf(version: Version): (sentence: string) => void {
    const { clock, logger } = this.#options;
    const { phase } = version;
    let nextLogAt = -Infinity;
    let waiting = false;
    const log = (): void => {
      waiting = false;
      if (version.phase !== phase) return;
      nextLogAt = clock.monotonicMs() + progressLogMs;
      logger.info({ ...version.ref, progress: version.reason }, 'version loading');
    };
    return (sentence) => {
      if (version.phase !== phase) return;
      version.explain(sentence);
      if (waiting) return;
      waiting = true;
      const pauseMs = nextLogAt - clock.monotonicMs();
      if (pauseMs > 0) clock.after(pauseMs, log);
      else log();
    };
  }

  #become(version: Version, phase: Phase, reason: string): void {
    version.become(phase, reason, this.#options.clock.now());
    // A failure was logged with more than this.
    if (phase.state !== 'failed')
      this.#options.logger.info({ ...version.ref, state: phase.state, reason }, 'version changed state');
    this.#options.onChange(version);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}

/** What the reason of a failure does not say: the trace in Python, or an error that nobody foresaw. */
function unsaid(thrown: unknown): unknown {
  return thrown instanceof CountersignError && thrown.code !== 'INTERNAL' ? thrown.facts.cause : thrown;
}
