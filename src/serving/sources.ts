import type { VersionRef } from '../registry/registry.ts';

/** What the sources together want of the manager; the policy reads it. Keys are those of `versionKey`. */
export interface Wanted {
  /** Loaded at once and never let go: the defaults of named models. */
  readonly pinned: ReadonlySet<string>;
  /** Loaded when demanded, outside the limit per model: the defaults of models nobody named. */
  readonly preferred: ReadonlySet<string>;
  /** Asked for by requests. */
  readonly demanded: ReadonlyMap<string, Demand>;
}

export interface Demand {
  /** Place in the order of asking; stays while requests ask again. */
  readonly asked: number;
  /** Place in the order of use: the smallest is the least recently used. */
  readonly lastUsed: number;
}

/** The sources that hold sets of versions, one set per model. */
export type AspiringSource = 'pinned' | 'preferred';

/**
 * Who wants which versions. A source says the whole set of a model each time and needs no memory: leaving a
 * version out of the next set is the order to let it go (TensorFlow Serving's aspired versions).
 */
export class Sources implements Wanted {
  readonly pinned = new Set<string>();
  readonly preferred = new Set<string>();
  readonly demanded = new Map<string, Demand>();
  readonly #aspired = new Map<string, readonly string[]>();
  #uses = 0;

  /** Replaces what `source` wants of `model`. */
  aspire(source: AspiringSource, model: string, versions: readonly string[]): void {
    const slot = `${source} ${model}`;
    const keys = versions.map((version) => versionKey({ model, version }));
    for (const key of this.#aspired.get(slot) ?? []) this[source].delete(key);
    for (const key of keys) this[source].add(key);
    this.#aspired.set(slot, keys);
  }

  /** A request wants it, or had it until now. */
  use(ref: VersionRef): void {
    const key = versionKey(ref);
    const lastUsed = ++this.#uses;
    this.demanded.set(key, { asked: this.demanded.get(key)?.asked ?? lastUsed, lastUsed });
  }

  /** Its demand is over: it was let go, or it failed. */
  forget(ref: VersionRef): void {
    this.demanded.delete(versionKey(ref));
  }
}

/** One text per version; a version number has no space, so no two are the same. */
export function versionKey({ version, model }: VersionRef): string {
  return `${version} ${model}`;
}
