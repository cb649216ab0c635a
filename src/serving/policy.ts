import type { VersionRef } from '../registry/registry.ts';
import type { VersionState } from './manager.ts';
import { versionKey, type Wanted } from './sources.ts';

/** What the policy sees of a version. */
export interface Snapshot extends VersionRef {
  readonly state: VersionState;
  /** Handles out. */
  readonly inUse: number;
  /** Requests that wait for it to come up. */
  readonly waiting: number;
  /** Of a failed version: not before this, in milliseconds since the epoch. */
  readonly retryAt: number | null;
}

export interface Budget {
  /** Versions kept per model beside its pinned and preferred ones. */
  readonly maxVersions: number;
  /** Versions kept over all models, pinned ones included; null: no limit. */
  readonly maxLoaded: number | null;
}

/** The one thing to do next. `wait`: something is to be done, but not before a handle comes back or a load ends. */
export type Step =
  | { readonly do: 'load'; readonly ref: VersionRef }
  | { readonly do: 'drain'; readonly ref: VersionRef; readonly reason: string }
  | { readonly do: 'unload'; readonly ref: VersionRef }
  | { readonly do: 'wait' }
  | { readonly do: 'nothing' };

/** Versions that share a limit. */
interface Group {
  readonly members: readonly Snapshot[];
  readonly limit: number;
  readonly reason: string;
}

/**
 * Decides what to do next about the versions of this process. Pure, without memory, and idempotent: the same
 * states give the same step. After TensorFlow Serving's AspiredVersionPolicy, availability preserving.
 *
 * - Never drains or unloads a version in use, waited for, or pinned.
 * - What is pinned loads at once. What is demanded loads in parallel while there is room, and one above it:
 *   a limit is exceeded by no more than the versions in use and the one that is being brought up.
 * - Lets a version go only while more of them are up than the limit says: so after the new one is up, and not at all
 *   when its load fails. The least recently used goes first.
 */
export function nextStep(snapshots: readonly Snapshot[], wanted: Wanted, budget: Budget, now: number): Step {
  const view = new View(snapshots, wanted, budget);
  const gone = snapshots.find((version) => version.state === 'draining' && view.isIdle(version));
  if (gone !== undefined) return { do: 'unload', ref: gone };
  const crowded = view.crowded();
  for (const group of crowded) {
    const victim = view.leastRecentlyUsed(group.members);
    if (victim !== undefined) return { do: 'drain', ref: victim, reason: group.reason };
  }
  const missing = view.missing(now);
  const next = missing.find((version) => view.hasRoom(version));
  if (next !== undefined) return { do: 'load', ref: next };
  return { do: crowded.length > 0 || missing.length > 0 ? 'wait' : 'nothing' };
}

/** The questions the policy asks, over one set of snapshots. */
class View {
  readonly #snapshots: readonly Snapshot[];
  readonly #wanted: Wanted;
  readonly #groups: readonly Group[];

  constructor(snapshots: readonly Snapshot[], wanted: Wanted, budget: Budget) {
    this.#snapshots = snapshots;
    this.#wanted = wanted;
    this.#groups = [...this.#perModel(budget.maxVersions), ...this.#overall(budget.maxLoaded)];
  }

  /** Nobody uses it, waits for it, or relies on it being up. */
  isIdle(version: Snapshot): boolean {
    return version.inUse === 0 && version.waiting === 0 && !this.#isPinned(version);
  }

  leastRecentlyUsed(versions: readonly Snapshot[]): Snapshot | undefined {
    return versions
      .filter((version) => version.state === 'available' && this.isIdle(version))
      .reduce<Snapshot | undefined>(
        (oldest, version) =>
          oldest !== undefined && this.#lastUsed(oldest) <= this.#lastUsed(version) ? oldest : version,
        undefined,
      );
  }

  /** What is wanted and may be tried, but is not up: pinned first, then what is waited for, longest asked first. */
  missing(now: number): readonly Snapshot[] {
    const urgency = (version: Snapshot): number =>
      this.#isPinned(version) ? 0 : version.waiting > 0 ? 1 : 2;
    return this.#snapshots
      .filter((version) => isDown(version, now) && (this.#isPinned(version) || this.#asked(version) !== null))
      .sort((a, b) => urgency(a) - urgency(b) || (this.#asked(a) ?? 0) - (this.#asked(b) ?? 0));
  }

  hasRoom(version: Snapshot): boolean {
    return (
      this.#isPinned(version) ||
      this.#groups.filter(({ members }) => members.includes(version)).every((group) => this.#isRoomy(group))
    );
  }

  /** The groups of which more are up than their limit says. */
  crowded(): readonly Group[] {
    return this.#groups.filter(
      ({ members, limit }) => members.filter(({ state }) => state === 'available').length > limit,
    );
  }

  /** Those that stay up anyway (in use, pinned) do not keep others from being brought up, one at a time. */
  #isRoomy({ members, limit }: Group): boolean {
    const occupied = members.filter(occupiesMemory);
    const held = occupied.filter((version) => version.inUse > 0 || this.#isPinned(version));
    return occupied.length <= Math.max(limit, held.length);
  }

  #perModel(limit: number): readonly Group[] {
    const counted = this.#snapshots.filter(
      (version) => !this.#isPinned(version) && !this.#wanted.preferred.has(versionKey(version)),
    );
    const reason = `let go: more than ${String(limit)} of its model were up, and it was the least recently used`;
    return [...Map.groupBy(counted, ({ model }) => model).values()].map((members) => ({
      members,
      limit,
      reason,
    }));
  }

  #overall(limit: number | null): readonly Group[] {
    const reason = `let go: more than ${String(limit)} were up over all models, and it was the least recently used`;
    return limit === null ? [] : [{ members: this.#snapshots, limit, reason }];
  }

  #isPinned(version: Snapshot): boolean {
    return this.#wanted.pinned.has(versionKey(version));
  }

  #asked(version: Snapshot): number | null {
    return this.#wanted.demanded.get(versionKey(version))?.asked ?? null;
  }

  #lastUsed(version: Snapshot): number {
    return this.#wanted.demanded.get(versionKey(version))?.lastUsed ?? 0;
  }
}

const occupiesMemory = ({ state }: Snapshot): boolean =>
  state === 'loading' || state === 'available' || state === 'draining' || state === 'unloading';

const isDown = ({ state, retryAt }: Snapshot, now: number): boolean =>
  state === 'registered' || state === 'unloaded' || (state === 'failed' && now >= (retryAt ?? 0));
