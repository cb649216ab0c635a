import type { Servable } from '../engine/engine.ts';
import { countersignError, type CountersignError } from '../errors/countersign-error.ts';
import type { VersionRef } from '../registry/registry.ts';
import type { Handle, VersionState, VersionStatus } from './manager.ts';
import type { Snapshot } from './policy.ts';

/** A state with what exists only in it: there is a servable exactly while one may be used. */
export type Phase =
  | { readonly state: 'registered' | 'unloading' | 'unloaded' }
  /** `startedAt` is in monotonic milliseconds. */
  | { readonly state: 'loading'; readonly stop: AbortController; readonly startedAt: number }
  | { readonly state: 'available' | 'draining'; readonly servable: Servable }
  /** `retryAt` is in milliseconds since the epoch. */
  | { readonly state: 'failed'; readonly error: CountersignError; readonly retryAt: number };

/** A request that waits for a version to come up. Each is told once and then forgotten. */
export interface Waiter {
  up(lend: () => Handle): void;
  refuse(error: CountersignError): void;
}

const successors: Readonly<Record<VersionState, readonly VersionState[]>> = {
  registered: ['loading'],
  loading: ['available', 'failed', 'unloaded'],
  available: ['draining'],
  draining: ['available', 'unloading'],
  unloading: ['unloaded'],
  unloaded: ['loading'],
  failed: ['loading'],
};

/** One version as the manager keeps it: its phase, which only moves as `successors` says, and its counters. */
export class Version {
  readonly ref: VersionRef;
  readonly waiters = new Set<Waiter>();
  /** Loads that failed since one succeeded. */
  failures = 0;
  #phase: Phase = { state: 'registered' };
  #reason: string;
  #since: number;
  #loads = 0;
  #inUse = 0;
  #lastUsed: number | null = null;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(ref: VersionRef, reason: string, now: number) {
    this.ref = { model: ref.model, version: ref.version };
    this.#reason = reason;
    this.#since = now;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get reason(): string {
    return this.#reason;
  }

  get inUse(): number {
    return this.#inUse;
  }

  become(phase: Phase, reason: string, now: number): void {
    if (!successors[this.#phase.state].includes(phase.state)) {
      throw countersignError('INTERNAL').with({
        cause: `a version went from ${this.#phase.state} to ${phase.state}`,
      });
    }
    this.#phase = phase;
    this.#reason = reason;
    this.#since = now;
    if (phase.state === 'loading') this.#loads++;
  }

  /** A newer reason for the state it is in. */
  explain(reason: string): void {
    this.#reason = reason;
  }

  /** While a failed load is remembered: its error, with the seconds until it is worth another try. */
  failure(now: number): CountersignError | null {
    if (this.#phase.state !== 'failed' || now >= this.#phase.retryAt) return null;
    return this.#phase.error.with({ retryAfterSeconds: Math.ceil((this.#phase.retryAt - now) / 1000) });
  }

  take(now: number): void {
    this.#inUse++;
    this.#lastUsed = now;
  }

  giveBack(now: number): void {
    this.#inUse--;
    this.#lastUsed = now;
    if (this.#inUse > 0) return;
    this.#idle?.resolve();
    this.#idle = null;
  }

  /** Resolves when no handle is out. */
  whenIdle(): Promise<void> {
    if (this.#inUse === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  snapshot(): Snapshot {
    return {
      ...this.ref,
      state: this.#phase.state,
      inUse: this.#inUse,
      waiting: this.waiters.size,
      retryAt: this.#phase.state === 'failed' ? this.#phase.retryAt : null,
    };
  }

  status(pinned: boolean): VersionStatus {
    const servable = 'servable' in this.#phase ? this.#phase.servable : null;
    return {
      ...this.ref,
      state: this.#phase.state,
      reason: this.#reason,
      since: this.#since,
      pinned,
      inUse: this.#inUse,
      lastUsed: this.#lastUsed,
      engine: servable?.engine ?? null,
      detail: servable?.detail ?? null,
      memoryBytes: servable?.memoryBytes ?? null,
      loads: this.#loads,
    };
  }
}
