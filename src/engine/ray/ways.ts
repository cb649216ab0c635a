import { countersignError } from '../../errors/countersign-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Clock, sleep } from '../../util/clock.ts';
import { leftError } from '../leaving.ts';
import type { ClusterView } from './cluster-view.ts';
import { DirectWay } from './direct-way.ts';
import type { ServeInstance } from './instance.ts';
import { ProxyWay } from './proxy-way.ts';
import { Replicas } from './replicas.ts';
import type { AskedReplica, Asking, Outcome, Question, Way, WayInUse } from './way.ts';

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

/** Between two tries while all that took requests before refuse. */
const pauseMs = 250;

/** Directly to replicas where the cluster exposes them and they answer; through Ray's proxy otherwise. */
export class Ways implements Way {
  readonly #options: WaysOptions;
  readonly #direct: DirectWay;
  readonly #proxy: ProxyWay;
  readonly #known = new Map<string, Known>();
  #answered = false;

  constructor(options: WaysOptions) {
    const { view, clock } = options;
    this.#options = options;
    this.#direct = new DirectWay(view, clock);
    this.#proxy = new ProxyWay(view.dashboard.address.hostname);
    view.onRead((instance) => this.#update(instance));
  }

  async ask(question: Question, signal: AbortSignal): Promise<Outcome> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const left = (): Error => leftError(signal.reason, clock.monotonicMs() - startedMs);
    try {
      return await this.#askAny(question, signal, left);
    } catch (thrown) {
      throw signal.aborted ? left() : thrown;
    }
  }

  async #askAny(question: Question, signal: AbortSignal, left: () => Error): Promise<Outcome> {
    const { clock, view, onAsked } = this.#options;
    const pause = (): Promise<void> => sleep(clock, pauseMs, signal, { keepsAlive: true });
    let broke = false;
    for (;;) {
      const instance = await view.use(signal);
      const known = this.#of(question.application, instance);
      await known.tried;
      const asking = (way: WayInUse['way']): Asking => ({
        signal,
        left,
        noted: (note) => {
          const replica = known.replicas.noted(note);
          this.#answered = true;
          onAsked({ model: question.model, way, replica });
          return replica;
        },
      });
      const direct = await this.#direct.ask(question, known.replicas, asking('direct'));
      if (direct !== null) return direct;
      const proxied = await this.#proxy.ask(question, instance, asking('proxy'));
      if (proxied?.type === 'messages' || proxied?.type === 'gone') return proxied;
      view.doubt();
      if (proxied === null && !this.#answered) throw this.#unreachable();
      // Proxies that died are started again, and those that live hear of replicas that died.
      await pause();
      if (proxied?.type === 'lost') return proxied;
      // A proxy goes with its node, whatever it was asked: the first one does not count.
      if (proxied?.type === 'broken') {
        if (broke) return { type: 'lost', why: proxied.why, by: null };
        broke = true;
      }
    }
  }

  #unreachable(): Error {
    const { origin } = this.#options.view.dashboard.address;
    const reason = 'none of its proxies takes requests';
    return countersignError('RAY_UNREACHABLE', origin, reason).with({ retryAfterSeconds: 1 });
  }

  /** Its replicas were told something: what they have is asked of them, not awaited from their answers. */
  async look(application: string): Promise<void> {
    await this.#known.get(application)?.replicas.look();
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
