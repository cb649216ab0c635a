import type { Catalogue, Endpoint } from '../endpoint/endpoint.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { GraphEndpoint } from './graph-endpoint.ts';

/** The endpoints of a server that has composed models too. */
export class GraphCatalogue implements Catalogue {
  readonly defaultName: string | null;
  readonly #models: Catalogue;
  readonly #graphs: ReadonlyMap<string, GraphEndpoint>;

  /** @param graphs The composed models that are served, by name. */
  constructor(models: Catalogue, graphs: ReadonlyMap<string, GraphEndpoint>, defaultName: string | null) {
    this.#models = models;
    this.#graphs = graphs;
    this.defaultName = defaultName;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    const registered = await this.#models.names(signal);
    return [...registered.filter((name) => !this.#graphs.has(name)), ...this.#graphs.keys()];
  }

  known(name: string | null): Endpoint | null {
    const wanted = name ?? this.defaultName;
    return wanted === null ? null : (this.#graphs.get(wanted) ?? this.#models.known(wanted));
  }

  async endpoint(name: string | null, signal: AbortSignal): Promise<Endpoint> {
    const wanted = name ?? this.defaultName;
    if (wanted === null) throw countersignError('MODEL_NOT_NAMED', await this.names(signal));
    return this.#graphs.get(wanted) ?? (await this.#models.endpoint(wanted, signal));
  }

  /** The members of named composed models are among what the registered models wait for. */
  readiness(): ReturnType<Catalogue['readiness']> {
    return this.#models.readiness();
  }
}
