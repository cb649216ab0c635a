import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { Registry } from '../registry/registry.ts';
import type { Clock } from '../util/clock.ts';
import type { Catalogue, Endpoint } from './endpoint.ts';
import type { ModelEndpoint } from './model-endpoint.ts';

export interface ModelCatalogueOptions {
  readonly registry: Registry;
  /** Models named at the start: loaded at once, and what ready means. Empty: the whole registry, lazily. */
  readonly named: readonly string[];
  /** Models that named composed models ask: loaded at once and waited for too, but not served by themselves. */
  readonly members?: readonly string[];
  /** Serve any other model of the registry too, when it is asked for. */
  readonly whole: boolean;
  readonly defaultName: string | null;
  readonly makeEndpoint: (name: string) => ModelEndpoint;
  readonly clock: Clock;
}

/** How long a model the registry does not have stays unknown without another look. */
const unknownMs = 2_000;

/** The models this server serves: those named, or all of the registry, each an endpoint made on first use. */
export class ModelCatalogue implements Catalogue {
  readonly defaultName: string | null;
  readonly #options: ModelCatalogueOptions;
  readonly #awaited: readonly string[];
  readonly #endpoints = new Map<string, ModelEndpoint>();
  readonly #unknown = new Map<string, number>();

  constructor(options: ModelCatalogueOptions) {
    this.#options = options;
    this.defaultName = options.defaultName;
    this.#awaited = [...new Set([...options.named, ...(options.members ?? [])])];
    for (const name of this.#awaited) this.#endpoints.set(name, options.makeEndpoint(name));
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#options.whole) return this.#options.named;
    const summaries = await this.#options.registry.models(signal);
    return summaries.filter(({ versions }) => versions.length > 0).map(({ name }) => name);
  }

  known(name: string | null): ModelEndpoint | null {
    const wanted = name ?? this.defaultName;
    if (wanted === null || !this.#serves(wanted)) return null;
    return this.#endpoints.get(wanted) ?? null;
  }

  async endpoint(name: string | null, signal: AbortSignal): Promise<Endpoint> {
    if (name !== null) return this.model(name, signal);
    if (this.defaultName !== null) return this.model(this.defaultName, signal);
    throw countersignError('MODEL_NOT_NAMED', await this.names(signal));
  }

  /** The endpoint of a model; MODEL_NOT_FOUND naming those there are. */
  async model(name: string, signal: AbortSignal): Promise<ModelEndpoint> {
    if (!this.#serves(name)) throw this.#notFound(name, this.#options.named);
    return this.member(name, signal);
  }

  /** By itself, and not as a member of a composed model only. */
  #serves(name: string): boolean {
    const { named, whole } = this.#options;
    return whole || named.includes(name);
  }

  /** As `model`, also for a model that is served only as a member of a composed one. */
  async member(name: string, signal: AbortSignal): Promise<ModelEndpoint> {
    const known = this.#endpoints.get(name);
    if (known !== undefined) return known;
    this.#refuseIfUnknown(name);
    try {
      await this.#options.registry.model(name, signal);
    } catch (error) {
      if (CountersignError.from(error).code === 'MODEL_NOT_FOUND') this.#rememberUnknown(name);
      throw error;
    }
    return this.#add(name);
  }

  readiness(): { ready: boolean; waiting: readonly string[] } {
    const waiting = this.#awaited
      .map((name) => this.#endpoints.get(name))
      .filter((endpoint) => endpoint !== undefined && !endpoint.ready())
      .map((endpoint) => endpoint?.waitingFor() ?? '');
    return { ready: waiting.length === 0, waiting };
  }

  #add(name: string): ModelEndpoint {
    const known = this.#endpoints.get(name);
    if (known !== undefined) return known;
    const endpoint = this.#options.makeEndpoint(name);
    this.#endpoints.set(name, endpoint);
    return endpoint;
  }

  #refuseIfUnknown(name: string): void {
    const since = this.#unknown.get(name);
    if (since === undefined) return;
    if (this.#options.clock.monotonicMs() - since < unknownMs) throw this.#notFound(name, []);
    this.#unknown.delete(name);
  }

  #rememberUnknown(name: string): void {
    if (this.#unknown.size >= 1_000) this.#unknown.clear();
    this.#unknown.set(name, this.#options.clock.monotonicMs());
  }

  #notFound(name: string, known: readonly string[]): CountersignError {
    return countersignError('MODEL_NOT_FOUND', name, known).with({ details: { models: known } });
  }
}
