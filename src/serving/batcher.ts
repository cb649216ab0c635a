import { type EngineName, type PredictCall, type Servable } from '../engine/engine.ts';
import { leftError } from '../engine/leaving.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { type Nested, type Payload } from '../payload/payload.ts';
import { batchKey, concat, rowCount } from '../payload/rows.ts';
import { paramsKey } from './params-key.ts';
import { splitAnswer } from './split-answer.ts';

export interface BatcherOptions {
  /** Most rows of several requests in one predict. A single request is never cut. */
  readonly maxRows: number;
  /** Most requests that may wait; one more is QUEUE_FULL. */
  readonly maxQueued: number;
  /** False: every request goes alone, in order. */
  readonly batching: boolean;
  /** Told of each predict. */
  readonly onBatch?: (batch: { readonly requests: number; readonly rows: number }) => void;
}

interface Waiting {
  readonly call: PredictCall;
  readonly signal: AbortSignal;
  /** Requests of one key may share a predict; null: this one goes alone. */
  readonly key: string | null;
  readonly rows: number;
  readonly resolve: (answer: Payload) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A servable in front of a servable: what arrives in one turn of the event loop goes together, at once when an
 * executor is idle; when all are busy it waits, and the next free one takes everything that waits, up to the limit.
 * There is no timer, so a lone request is never held up.
 *
 * Rows of one request stay together and in order. A batch that fails is asked again one by one, so that only the
 * guilty request fails. A caller who leaves frees the place.
 */
export class Batcher implements Servable {
  readonly engine: EngineName;
  readonly executors: number;
  readonly streams: boolean;
  readonly #inner: Servable;
  readonly #options: BatcherOptions;
  #waiting: Waiting[] = [];
  #running = 0;
  #scheduled = false;
  /** An answer did not map to rows once: from then on requests go alone. */
  #alone: boolean;

  constructor(inner: Servable, options: BatcherOptions) {
    this.engine = inner.engine;
    this.executors = inner.executors;
    this.streams = inner.streams;
    this.#inner = inner;
    this.#options = options;
    this.#alone = !options.batching;
  }

  get detail(): string {
    return this.#inner.detail;
  }

  get memoryBytes(): number | null {
    return this.#inner.memoryBytes;
  }

  predict(call: PredictCall, signal: AbortSignal): Promise<Payload> {
    if (this.#waiting.length >= this.#options.maxQueued) {
      const full = countersignError('QUEUE_FULL', this.#options.maxQueued).with({ retryAfterSeconds: 1 });
      return Promise.reject(full);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    const payload = this.#alone ? null : batchKey(call.input);
    const key = payload === null ? null : `${payload} ${paramsKey(call.params)}`;
    const waiting = { call, signal, key, rows: rowCount(call.input) ?? 1, resolve, reject };
    this.#waiting.push(waiting);
    this.#leaveQueueOnAbort(waiting, promise);
    this.#schedule();
    return promise;
  }

  predictStream(call: PredictCall, signal: AbortSignal): AsyncIterable<Nested> {
    return this.#inner.predictStream(call, signal);
  }

  unload(): Promise<void> {
    return this.#inner.unload();
  }

  #leaveQueueOnAbort(waiting: Waiting, answered: Promise<Payload>): void {
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      waiting.reject(leftError(waiting.signal, 0));
    };
    if (waiting.signal.aborted) {
      leave();
      return;
    }
    waiting.signal.addEventListener('abort', leave, { once: true });
    const forget = (): void => {
      waiting.signal.removeEventListener('abort', leave);
    };
    answered.then(forget, forget);
  }

  #schedule(): void {
    if (this.#scheduled || this.#running >= this.executors) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#running < this.executors && this.#waiting.length > 0) {
      this.#running++;
      void this.#run(this.#takeBatch()).finally(() => {
        this.#running--;
        this.#dispatch();
      });
    }
  }

  /** The longest waiting request and all that may go with it, in order of arrival. */
  #takeBatch(): readonly Waiting[] {
    const [first, ...rest] = this.#waiting;
    if (first === undefined) return [];
    const batch = [first];
    let rows = first.rows;
    const left: Waiting[] = [];
    for (const next of rest) {
      if (first.key !== null && next.key === first.key && rows + next.rows <= this.#options.maxRows) {
        batch.push(next);
        rows += next.rows;
      } else {
        left.push(next);
      }
    }
    this.#waiting = left;
    return batch;
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    if (batch.length === 1) {
      await this.#runAlone(first);
      return;
    }
    using interest = new Interest(batch);
    const answers = await this.#askTogether(batch, first, interest.signal);
    if (answers === null) {
      for (const member of interest.remaining()) await this.#runAlone(member);
      return;
    }
    for (const [index, member] of batch.entries()) {
      const answer = answers[index];
      if (answer !== undefined) member.resolve(answer);
    }
  }

  /** One answer per request; null when they have to be asked one by one. */
  async #askTogether(
    batch: readonly Waiting[],
    first: Waiting,
    signal: AbortSignal,
  ): Promise<readonly Payload[] | null> {
    this.#tell(batch);
    try {
      const input = concat(batch.map(({ call }) => call.input));
      const answer = await this.#inner.predict({ ...first.call, input }, signal);
      const answers = splitAnswer(
        answer,
        batch.map(({ rows }) => rows),
      );
      if (answers === null) this.#alone = true;
      return answers;
    } catch {
      return null;
    }
  }

  async #runAlone(member: Waiting): Promise<void> {
    if (member.signal.aborted) {
      member.reject(leftError(member.signal, 0));
      return;
    }
    this.#tell([member]);
    await this.#inner.predict(member.call, member.signal).then(member.resolve, member.reject);
  }

  #tell(batch: readonly Waiting[]): void {
    this.#options.onBatch?.({
      requests: batch.length,
      rows: batch.reduce((sum, { rows }) => sum + rows, 0),
    });
  }
}

/**
 * Who still waits for a batch. One who leaves while others stay gets its error at once; when the last leaves the
 * predict itself is aborted, and that one waits for it to end, because its handle is all that keeps the servable up.
 */
class Interest implements Disposable {
  readonly #controller = new AbortController();
  readonly #present: Set<Waiting>;
  readonly #stop: (() => void)[] = [];

  constructor(batch: readonly Waiting[]) {
    this.#present = new Set(batch);
    for (const member of batch) {
      const leave = (): void => {
        this.#leave(member);
      };
      member.signal.addEventListener('abort', leave, { once: true });
      this.#stop.push(() => {
        member.signal.removeEventListener('abort', leave);
      });
      if (member.signal.aborted) leave();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remaining(): readonly Waiting[] {
    return [...this.#present];
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stop) stop();
  }

  #leave(member: Waiting): void {
    if (this.#present.size > 1) {
      this.#present.delete(member);
      member.reject(leftError(member.signal, 0));
    } else if (this.#present.has(member)) {
      this.#controller.abort(member.signal.reason);
    }
  }
}
