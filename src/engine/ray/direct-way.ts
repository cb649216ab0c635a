import { countersignError } from '../../errors/countersign-error.ts';
import { packMessage } from '../../frames/message.ts';
import type { Clock } from '../../util/clock.ts';
import { chooseReplica } from './choose-replica.ts';
import type { ClusterView } from './cluster-view.ts';
import { exchange, type Exchanged } from './exchange.ts';
import type { Replica } from './replica.ts';
import type { Replicas } from './replicas.ts';
import type { Asking, Outcome, Question } from './way.ts';

/** A version goes to a further replica at most so often. */
const spreadPauseMs = 10_000;
const spreadTimeoutMs = 120_000;

/** Calls the replica that has the version, on the port that Ray opened for it. */
export class DirectWay {
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  /** By application and version, when it may be spread again. */
  readonly #spreadAgainMs = new Map<string, number>();

  constructor(view: ClusterView, clock: Clock) {
    this.#view = view;
    this.#clock = clock;
  }

  /**
   * Null when no replica can be called this way. One that refuses, or is full, costs nothing but a try with the next;
   * `lost` is a replica that died over the request, and is not asked again before it answered a probe.
   */
  async ask(question: Question, replicas: Replicas, asking: Asking): Promise<Outcome | null> {
    const tried = new Set<string>();
    let full: Error | null = null;
    for (;;) {
      const replica = this.#choose(question, replicas, tried);
      if (replica === null) {
        if (full !== null) throw full;
        return null;
      }
      tried.add(replica.id);
      const reply = await this.#send(question, question.what, replica, asking);
      switch (reply.type) {
        case 'messages':
          return { ...reply, by: asking.noted(reply.note) };
        case 'busy':
          // One other may have room; to ask them all would be a load of its own.
          if (full !== null) throw full;
          full = countersignError('RAY_BUSY', question.model).with({
            retryAfterSeconds: reply.retryAfterSeconds,
            cause: reply.text,
          });
          break;
        case 'refused':
          this.#failed(replica, reply.why);
          break;
        case 'missing':
          this.#failed(replica, 'does not know the application');
          break;
        case 'broken':
        case 'lost':
          this.#failed(replica, `broke off (${reply.why})`);
          return { type: 'lost', why: reply.why, by: replica.id };
      }
    }
  }

  close(): void {
    this.#closing.abort();
  }

  #choose(question: Question, replicas: Replicas, tried: ReadonlySet<string>): Replica | null {
    const { key } = question;
    const untried = replicas.up.filter(({ id }) => !tried.has(id));
    const others = untried.filter(({ id }) => id !== question.avoid);
    const able = others.length > 0 ? others : untried;
    const candidates = able.map((replica) => replica.candidate(key));
    const choice = chooseReplica(key, candidates, Math.random());
    if (choice === null) return null;
    const spread = able.find(({ id }) => id === choice.spread);
    if (spread !== undefined) this.#spread(question, replicas, spread);
    return able.find(({ id }) => id === choice.id) ?? null;
  }

  #failed(replica: Replica, why: string): void {
    replica.failed(why);
    this.#view.doubt();
  }

  #send(
    { application, uri, requestId, key, frame }: Question,
    what: string,
    replica: Replica,
    { signal, left }: Omit<Asking, 'noted'>,
  ): Promise<Exchanged> {
    const { origin } = replica.target;
    const path = replica.path(application, what);
    const ended = replica.begin(key);
    return exchange({ dispatcher: replica.pool, origin, path, uri, requestId, frame, signal, left, ended });
  }

  /** Loads the version in a further replica, beside the requests. The replica refuses where others would suffer. */
  #spread(question: Question, replicas: Replicas, replica: Replica): void {
    const place = `${question.application} ${question.key}`;
    if ((this.#spreadAgainMs.get(place) ?? 0) > this.#clock.monotonicMs()) return;
    this.#spreadAgainMs.set(place, Infinity);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(spreadTimeoutMs)]);
    const load = async (): Promise<void> => {
      await question.upload(signal);
      const frame = packMessage({ type: 'load', id: 1, directory: '' }, null);
      const asked = { ...question, frame: Buffer.concat(frame) };
      const left = (): Error => signal.reason as Error;
      const reply = await this.#send(asked, 'spread', replica, { signal, left });
      if (reply.type !== 'messages') return;
      replicas.noted(reply.note);
      await reply.messages.next();
      await reply.messages.return();
    };
    void load()
      .catch(() => undefined)
      .finally(() => this.#spreadAgainMs.set(place, this.#clock.monotonicMs() + spreadPauseMs));
  }
}
