import type { Servable } from '../engine/engine.ts';
import { countersignError, type CountersignError } from '../errors/countersign-error.ts';
import type { VersionRef } from '../registry/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { defaultBackoff, type Backoff } from './backoff.ts';
import { Harness } from './harness.ts';
import type { AcquireOptions, Handle, MakeLoader, Manager, VersionStatus } from './manager.ts';
import { nextStep, type Budget, type Step } from './policy.ts';
import { Sources, versionKey } from './sources.ts';
import { Version } from './version.ts';
import { waitFor, whyLeft } from './waiting.ts';

export interface ManagerOptions {
  readonly loaderFor: MakeLoader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Versions kept per model beside its pinned and preferred ones. Default 2: the one before and the one to come. */
  readonly maxVersions?: number;
  /** Versions kept over all models; null, the default: no limit. */
  readonly maxLoaded?: number | null;
  readonly backoff?: Backoff;
}

/** Makes the one manager of a process. It wants nothing itself: sources say what, the policy says what next. */
export function createManager(options: ManagerOptions): Manager {
  return new VersionManager(options);
}

class VersionManager implements Manager {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #budget: Budget;
  readonly #harness: Harness;
  readonly #sources = new Sources();
  readonly #versions = new Map<string, Version>();
  /** Renewed while they were up or loading, and why: they go as soon as nobody uses them. */
  readonly #outdated = new Map<Version, string>();
  readonly #listeners = new Set<(status: VersionStatus) => void>();
  #stepping = false;
  /** The policy has something to do as soon as a handle comes back. */
  #waits = false;
  #cancelRetry: () => void = () => undefined;
  #closed: Promise<boolean> | null = null;

  constructor(options: ManagerOptions) {
    const { clock, logger, loaderFor, maxVersions = 2, maxLoaded = null, backoff = defaultBackoff } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#budget = { maxVersions, maxLoaded };
    this.#harness = new Harness({
      clock,
      logger,
      loaderFor,
      backoff,
      onChange: (version) => {
        this.#changed(version);
      },
    });
  }

  pin(model: string, versions: readonly string[]): void {
    this.#sources.aspire('pinned', model, versions);
    for (const version of versions) this.#revived(this.#version({ model, version }, 'pinned'));
    this.#wake();
  }

  prefer(model: string, versions: readonly string[]): void {
    this.#sources.aspire('preferred', model, versions);
    this.#wake();
  }

  take(ref: VersionRef): Handle | null {
    const version = this.#closed === null ? this.#versions.get(versionKey(ref)) : undefined;
    const servable = version === undefined ? null : this.#revived(version);
    return version === undefined || servable === null ? null : this.#lend(version, servable);
  }

  async acquire(ref: VersionRef, options: AcquireOptions): Promise<Handle> {
    if (this.#closed !== null) throw countersignError('SERVER_STOPPING');
    const version = this.#version(ref, 'asked for');
    if (options.signal.aborted) throw whyLeft(version, options.signal, this.#clock);
    const handle = this.take(ref);
    if (handle !== null) return handle;
    const failure = version.failure(this.#clock.now());
    if (failure !== null) throw failure;
    this.#sources.use(ref);
    this.#wake();
    return waitFor(version, options, this.#clock);
  }

  renew(ref: VersionRef, reason: string): void {
    const key = versionKey(ref);
    const outdated = this.#versions.get(key);
    if (outdated === undefined || this.#closed !== null) return;
    this.#versions.delete(key);
    this.#sources.forget(ref);
    this.#outdated.set(outdated, reason);
    this.#publish(this.#statusOf(this.#version(ref, reason)));
    this.#letGo(outdated, reason);
    this.#wake();
  }

  statuses(): readonly VersionStatus[] {
    return [...this.#versions.values()].map((version) => this.#statusOf(version));
  }

  status(ref: VersionRef): VersionStatus | null {
    const version = this.#versions.get(versionKey(ref));
    return version === undefined ? null : this.#statusOf(version);
  }

  subscribe(listener: (status: VersionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(drainMs: number): Promise<boolean> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  // --- off the request path ---

  /** Looks, in a turn of its own, whether there is something to do. */
  #wake(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    setImmediate(() => {
      this.#stepping = false;
      if (this.#closed === null) this.#step();
    });
  }

  /** One step a turn, so that a request that came in meanwhile can still revive a version about to go. */
  #step(): void {
    const snapshots = [...this.#versions.values()].map((version) => version.snapshot());
    const step = nextStep(snapshots, this.#sources, this.#budget, this.#clock.now());
    this.#waits = step.do === 'wait';
    if (step.do === 'wait' || step.do === 'nothing') {
      this.#scheduleRetry();
      return;
    }
    this.#carryOut(step);
    this.#wake();
  }

  #carryOut(step: Step & { readonly ref: VersionRef }): void {
    const version = this.#version(step.ref, 'wanted');
    if (step.do === 'load') this.#harness.load(version);
    else if (step.do === 'drain') this.#harness.drain(version, step.reason);
    else this.#harness.unload(version);
  }

  #changed(version: Version): void {
    const { phase, ref } = version;
    const outdated = this.#outdated.get(version);
    if (outdated === undefined) {
      if (phase.state === 'failed' || phase.state === 'unloading') this.#sources.forget(ref);
      this.#publish(this.#statusOf(version));
    }
    if (phase.state === 'available') {
      for (const waiter of version.waiters) waiter.up(() => this.#lend(version, phase.servable));
    }
    if (phase.state === 'failed') {
      refuseAll(version, version.failure(this.#clock.now()) ?? phase.error);
    }
    if (outdated !== undefined) this.#letGo(version, outdated);
    this.#wake();
  }

  /** Takes an outdated version as far down as it can go now; it is asked again when its state changed. */
  #letGo(version: Version, reason: string): void {
    const { state } = version.phase;
    if (state === 'available') this.#harness.drain(version, reason);
    else if (state === 'draining') {
      void version.whenIdle().then(() => {
        this.#harness.unload(version);
      });
    } else if (state !== 'loading' && state !== 'unloading') this.#outdated.delete(version);
  }

  /** What is pinned is tried again by itself; anything else when it is asked for. */
  #scheduleRetry(): void {
    this.#cancelRetry();
    const due = [...this.#versions.values()]
      .filter(({ ref }) => this.#sources.pinned.has(versionKey(ref)))
      .flatMap(({ phase }) => (phase.state === 'failed' ? [phase.retryAt] : []));
    if (due.length === 0) return;
    this.#cancelRetry = this.#clock.after(Math.min(...due) - this.#clock.now(), () => {
      this.#wake();
    });
  }

  async #close(drainMs: number): Promise<boolean> {
    this.#cancelRetry();
    const versions = [...this.#versions.values(), ...this.#outdated.keys()];
    for (const version of versions) refuseAll(version, countersignError('SERVER_STOPPING'));
    const deadline: PromiseWithResolvers<void> = Promise.withResolvers();
    const cancel = this.#clock.after(drainMs, deadline.resolve);
    const returned = await Promise.all(versions.map((version) => this.#retire(version, deadline.promise)));
    cancel();
    await this.#harness.settled();
    return returned.every(Boolean);
  }

  /** Takes a version out of service for good; true if no handle was out by the deadline. */
  async #retire(version: Version, deadline: Promise<void>): Promise<boolean> {
    if (version.phase.state === 'loading') version.phase.stop.abort(countersignError('SERVER_STOPPING'));
    this.#harness.drain(version, 'the server is stopping');
    await Promise.race([version.whenIdle(), deadline]);
    const returned = version.inUse === 0;
    this.#harness.unload(version);
    return returned;
  }

  // --- handles ---

  #lend(version: Version, servable: Servable): Handle {
    version.take(this.#clock.now());
    return new Loan(version.ref, servable, () => {
      this.#takeBack(version);
    });
  }

  #takeBack(version: Version): void {
    if (!this.#outdated.has(version)) this.#sources.use(version.ref);
    version.giveBack(this.#clock.now());
    if (this.#waits && version.inUse === 0) this.#wake();
  }

  /** The servable of a version that is up, back in service if it was about to go; null if it is not up. */
  #revived(version: Version): Servable | null {
    if (version.phase.state === 'draining') this.#harness.revive(version);
    return version.phase.state === 'available' ? version.phase.servable : null;
  }

  #version(ref: VersionRef, reason: string): Version {
    const key = versionKey(ref);
    const known = this.#versions.get(key);
    if (known !== undefined) return known;
    const version = new Version(ref, reason, this.#clock.now());
    this.#versions.set(key, version);
    return version;
  }

  #statusOf(version: Version): VersionStatus {
    return version.status(this.#sources.pinned.has(versionKey(version.ref)));
  }

  #publish(status: VersionStatus): void {
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (err) {
        this.#logger.error({ err }, 'a listener to version states failed');
      }
    }
  }
}

/** A handle that is out, until it is disposed of for the first time. A class: an object literal with this method costs a microsecond. */
class Loan implements Handle {
  readonly ref: VersionRef;
  readonly servable: Servable;
  #giveBack: (() => void) | null;

  constructor(ref: VersionRef, servable: Servable, giveBack: () => void) {
    this.ref = ref;
    this.servable = servable;
    this.#giveBack = giveBack;
  }

  [Symbol.dispose](): void {
    this.#giveBack?.();
    this.#giveBack = null;
  }
}

function refuseAll(version: Version, error: CountersignError): void {
  for (const waiter of version.waiters) waiter.refuse(error);
}
