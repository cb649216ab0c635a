import { type Logger } from '../../telemetry/logger.ts';
import { type Clock } from '../../util/clock.ts';
import { leftError } from '../leaving.ts';
import { type ClusterView } from './cluster-view.ts';
import { DirectWay } from './direct-way.ts';
import { type ServeInstance } from './instance.ts';
import { ProxyWay } from './proxy-way.ts';
import { Replicas } from './replicas.ts';
import {
  type AskedReplica,
  type Asking,
  type Outcome,
  type Question,
  type Way,
  type WayInUse,
} from './way.ts';

export interface WaysOptions {
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onAsked: (asked: AskedReplica) => void;
}

interface Known {
  readonly replicas: Replicas;
  /** Each of them was tried. */
  readonly tried: Promise<void>;
  way: WayInUse['way'] | null;
}

/** Directly to replicas where the cluster exposes them and they answer; through Ray's proxy otherwise. */
export class Ways implements Way {
  readonly #options: WaysOptions;
  readonly #direct: DirectWay;
  readonly #proxy: ProxyWay;
  readonly #known = new Map<string, Known>();

  constructor(options: WaysOptions) {
    const { view, clock } = options;
    this.#options = options;
    this.#direct = new DirectWay(view, clock);
    this.#proxy = new ProxyWay(view, clock);
    view.onRead((instance) => this.#update(instance));
  }

  async ask(question: Question, signal: AbortSignal): Promise<Outcome> {
    const { clock, view } = this.#options;
    const startedMs = clock.monotonicMs();
    const left = (): Error => leftError(signal, clock.monotonicMs() - startedMs);
    try {
      const known = this.#of(question.application, await view.use(signal));
      await known.tried;
      const asking = (way: WayInUse['way']): Asking => ({
        signal,
        left,
        noted: (note) => {
          const replica = known.replicas.noted(note);
          this.#options.onAsked({ model: question.model, way, replica });
          return replica;
        },
      });
      const direct = await this.#direct.ask(question, known.replicas, asking('direct'));
      return direct ?? (await this.#proxy.ask(question, asking('proxy')));
    } catch (thrown) {
      throw signal.aborted ? left() : thrown;
    }
  }

  replicas(application: string): number | null {
    const replicas = this.#known.get(application)?.replicas;
    if (replicas === undefined) return null;
    const count = replicas.way.way === 'direct' ? replicas.up.length : replicas.running;
    return count === 0 ? null : count;
  }

  describe(application: string): WayInUse {
    return (this.#known.get(application)?.replicas ?? new Replicas(application)).way;
  }

  get known(): readonly Replicas[] {
    return [...this.#known.values()].map(({ replicas }) => replicas);
  }

  async close(): Promise<void> {
    this.#direct.close();
    await Promise.all([this.#proxy.close(), ...this.known.map((replicas) => replicas.close())]);
  }

  #of(application: string, { applications }: ServeInstance): Known {
    const known = this.#known.get(application);
    if (known !== undefined) return known;
    const replicas = new Replicas(application);
    const fresh: Known = {
      replicas,
      tried: replicas.update(applications.get(application) ?? null),
      way: null,
    };
    this.#known.set(application, fresh);
    return fresh;
  }

  async #update({ applications }: ServeInstance): Promise<void> {
    await Promise.all(
      [...this.#known].map(async ([application, known]) => {
        const { replicas } = known;
        await replicas.update(applications.get(application) ?? null);
        // What is in flight on a node that is gone would never end otherwise.
        if (replicas.inFlight > 0) this.#options.view.stayFresh();
        const { way, sentence } = replicas.way;
        if (known.way !== null && known.way !== way)
          this.#options.logger.info({ application, way }, `requests go ${sentence}`);
        known.way = way;
      }),
    );
  }
}
