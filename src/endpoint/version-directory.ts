import { countersignError, CountersignError } from '../errors/countersign-error.ts';
import type { ModelSummary, Registry, VersionMetadata } from '../registry/registry.ts';
import { loadFailure } from '../serving/load-failure.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { SingleFlight } from '../util/single-flight.ts';
import type { Selector } from './selector.ts';

/** How long a look at the registry is good for: an alias moved is followed within it. */
const freshMs = 1_000;
/** How long a look may take where something was seen before: a registry that hangs is one that is down. */
const patienceMs = 2_000;
/** How long an unknown version stays unknown without another look, so that bad ids cost the registry nothing. */
const unknownMs = 2_000;

/**
 * What the registry says of one model, asked as seldom as the answer allows. A version once seen is a fact until a
 * look shows that it is gone, or was registered again under its number; aliases and `latest` are looked up again when
 * older than a second; a registry that is down does not take away what was known.
 */
export class VersionDirectory {
  readonly #model: string;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lookups = new SingleFlight<string, ModelSummary>();
  readonly #unknown = new Map<string, number>();
  readonly #metadata = new Map<string, VersionMetadata>();
  readonly #listeners: ((version: string) => void)[] = [];
  #summary: ModelSummary | null = null;
  #seenAt = 0;

  constructor(options: { model: string; registry: Registry; clock: Clock; logger: Logger }) {
    this.#model = options.model;
    this.#registry = options.registry;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Calls back when what is known of a version holds no more: it is gone, or another has its number. */
  onOutdated(listener: (version: string) => void): void {
    this.#listeners.push(listener);
  }

  /** The model as the registry has it now, or as it was a second ago. */
  async summary(signal: AbortSignal): Promise<ModelSummary> {
    const seen = this.#summary;
    if (seen === null) return this.#look(signal);
    if (this.#isFresh()) return seen;
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(patienceMs, () => {
      late.reject(countersignError('REGISTRY_UNREACHABLE', this.#registry.uri, 'it does not answer'));
    });
    try {
      return await Promise.race([this.#look(signal), late.promise]);
    } catch (thrown) {
      return this.#asSeenBefore(thrown, seen);
    } finally {
      cancel();
    }
  }

  /** The version a selector names. `whatIsDefault` is asked only when it names none. */
  async resolve(
    selector: Selector,
    signal: AbortSignal,
    whatIsDefault: () => Promise<string>,
  ): Promise<string> {
    switch (selector.kind) {
      case 'default':
        return whatIsDefault();
      case 'version':
        return this.#known(selector.version, signal);
      case 'alias':
        return this.#alias(selector.alias, signal);
      case 'latest':
        return newest(await this.summary(signal));
    }
  }

  /** What a version says of itself: a fact, read once. VERSION_LOAD_FAILED for one that says it in no way we can read. */
  async metadata(version: string, signal: AbortSignal): Promise<VersionMetadata> {
    const known = this.#metadata.get(version);
    if (known !== undefined) return known;
    const ref = { model: this.#model, version };
    try {
      const metadata = await this.#registry.describe(ref, signal);
      this.#metadata.set(version, metadata);
      return metadata;
    } catch (thrown) {
      // The kind of these is that of a command's error; to callers the version is one that cannot be loaded.
      throw isUnreadable(thrown) ? loadFailure(ref, thrown).error : thrown;
    }
  }

  /** What `resolve` and then `metadata` would answer, where nobody has to be asked for it; else null. */
  peek(selector: Selector, defaultVersion: string): VersionMetadata | null {
    const version = this.#peekVersion(selector, defaultVersion);
    return version === null ? null : (this.#metadata.get(version) ?? null);
  }

  #peekVersion(selector: Selector, defaultVersion: string): string | null {
    if (selector.kind === 'default') return defaultVersion;
    if (selector.kind === 'version') return selector.version;
    if (this.#summary === null || !this.#isFresh()) return null;
    if (selector.kind === 'latest') return newest(this.#summary);
    const { aliases } = this.#summary;
    return Object.hasOwn(aliases, selector.alias) ? (aliases[selector.alias] ?? null) : null;
  }

  #isFresh(): boolean {
    return this.#clock.monotonicMs() - this.#seenAt < freshMs;
  }

  async #known(version: string, signal: AbortSignal): Promise<string> {
    if (this.#summary !== null && hasVersion(this.#summary, version)) return version;
    const unknownSince = this.#unknown.get(version);
    const now = this.#clock.monotonicMs();
    if (unknownSince === undefined || now - unknownSince >= unknownMs) {
      // While the registry is down nobody knows that there is no such version: that is 503, and not 404.
      if (hasVersion(await this.#look(signal), version)) {
        this.#unknown.delete(version);
        return version;
      }
      this.#rememberUnknown(version, now);
    }
    const versions = this.#summary?.versions.map((known) => known.version) ?? [];
    throw countersignError('VERSION_NOT_FOUND', this.#model, version, versions).with({
      details: { versions },
    });
  }

  async #alias(alias: string, signal: AbortSignal): Promise<string> {
    const { aliases } = await this.summary(signal);
    if (Object.hasOwn(aliases, alias)) {
      const version = aliases[alias];
      if (version !== undefined) return version;
    }
    const known = Object.keys(aliases);
    throw countersignError('ALIAS_NOT_FOUND', this.#model, alias, known).with({
      details: { aliases: known },
    });
  }

  #rememberUnknown(version: string, now: number): void {
    if (this.#unknown.size >= 1_000) this.#unknown.clear();
    this.#unknown.set(version, now);
  }

  /** Asks the registry. Callers share one look, so it has no signal of theirs. */
  async #look(signal: AbortSignal): Promise<ModelSummary> {
    signal.throwIfAborted();
    const summary = await this.#lookups.run('', () =>
      this.#registry.model(this.#model, new AbortController().signal),
    );
    const before = this.#summary;
    this.#summary = summary;
    this.#seenAt = this.#clock.monotonicMs();
    for (const version of before === null ? [] : outdated(before, summary)) {
      this.#logger.info({ model: this.#model, version }, 'what the registry had under this number is gone');
      this.#metadata.delete(version);
      for (const listener of this.#listeners) listener(version);
    }
    return summary;
  }

  /** When the registry cannot be reached, what was seen before still holds. */
  #asSeenBefore(thrown: unknown, seen: ModelSummary): ModelSummary {
    const error = CountersignError.from(thrown);
    if (error.code !== 'REGISTRY_UNREACHABLE') throw error;
    this.#logger.warn({ model: this.#model, error }, 'registry unreachable, going by what was seen before');
    this.#seenAt = this.#clock.monotonicMs();
    return seen;
  }
}

/** The highest version number; the registry lists newest first. Throws VERSION_NOT_FOUND for a model without any. */
export function newest(summary: ModelSummary): string {
  const first = summary.versions[0];
  if (first === undefined) throw countersignError('VERSION_NOT_FOUND', summary.name, 'at all', []);
  return first.version;
}

function isUnreadable(thrown: unknown): boolean {
  const { code } = CountersignError.from(thrown);
  return code === 'INVALID_MLMODEL' || code === 'INVALID_SIGNATURE';
}

/** The versions that were there and are no more, as far as the store tells one from the next of its number. */
function outdated(before: ModelSummary, now: ModelSummary): readonly string[] {
  const createdAt = new Map(now.versions.map((known) => [known.version, known.createdAt]));
  return before.versions
    .filter((known) => createdAt.get(known.version) !== known.createdAt)
    .map(({ version }) => version);
}

function hasVersion(summary: ModelSummary, version: string): boolean {
  return summary.versions.some((known) => known.version === version);
}
