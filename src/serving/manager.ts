import type { Loader, Servable } from '../engine/engine.ts';
import type { VersionRef } from '../registry/registry.ts';

/**
 * Public life of a version: registered -> loading -> available -> draining -> unloading -> unloaded,
 * or failed. Published after it is true on the way up, before it is true on the way down.
 */
export type VersionState =
  'registered' | 'loading' | 'available' | 'draining' | 'unloading' | 'unloaded' | 'failed';

/** A version as anybody may look at it; never a servable. */
export interface VersionStatus extends VersionRef {
  readonly state: VersionState;
  /** Why it is in this state, for a person. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly pinned: boolean;
  /** Handles out. */
  readonly inUse: number;
  readonly lastUsed: number | null;
  /** From the servable once there is one. */
  readonly engine: string | null;
  readonly detail: string | null;
  readonly memoryBytes: number | null;
  /** Loads started since the process began. */
  readonly loads: number;
}

/** A short counted borrow: the servable stays up until it is given back. */
export interface Handle extends Disposable {
  readonly ref: VersionRef;
  readonly servable: Servable;
}

export interface AcquireOptions {
  /** The caller's: aborting stops waiting, never the load. */
  readonly signal: AbortSignal;
  /** How long this request may wait for a load. Past it: VERSION_LOADING, and the load goes on. */
  readonly waitMs: number;
}

/** Owns every servable of the process. See DESIGN section 7. */
export interface Manager {
  /** Wants these versions loaded and never let go; leaving one out of the next call lets it go like any other. */
  pin(model: string, versions: readonly string[]): void;
  /**
   * Keeps these versions, once they were asked for, outside the limit per model: the default of a model that
   * nobody named. Loads nothing, and the limit over all models still applies to them.
   */
  prefer(model: string, versions: readonly string[]): void;
  /** Borrows a version, loading it first if need be. Errors: VERSION_LOADING, VERSION_LOAD_FAILED, SERVER_STOPPING. */
  acquire(ref: VersionRef, options: AcquireOptions): Promise<Handle>;
  /** Borrows a version at once; null where it is not up, or nothing is lent any more. */
  take(ref: VersionRef): Handle | null;
  /**
   * What may be loaded of it is no longer what the registry has under its number: whoever asks next loads anew. Handles
   * that are out stay good, and what waits for a load under way still gets it.
   */
  renew(ref: VersionRef, reason: string): void;
  /** Every version it has heard of. */
  statuses(): readonly VersionStatus[];
  status(ref: VersionRef): VersionStatus | null;
  /** Calls back on every change of state; returns the way to stop. */
  subscribe(listener: (status: VersionStatus) => void): () => void;
  /** Takes no new handles, waits up to `drainMs` for those out, unloads everything. True if all were given back. */
  close(drainMs: number): Promise<boolean>;
}

/** How the manager brings a version up; the gateway composes registry, engines and checks into it. */
export type MakeLoader = (ref: VersionRef) => Loader;
