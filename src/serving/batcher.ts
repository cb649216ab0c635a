import type { EngineName, Invoke, PredictCall, Servable } from '../engine/engine.ts';
import { leftError } from '../engine/leaving.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Nested, Payload } from '../payload/payload.ts';
import { concat, isJoinable, rowCount } from '../payload/rows.ts';
import type { Caller } from '../util/caller.ts';
import type { Clock } from '../util/clock.ts';
import { Company } from './company.ts';
import { paramsKey } from './params-key.ts';
import { splitAnswer } from './split-answer.ts';
import { type Fit, type Holder, WaitingCall } from './waiting-call.ts';

export interface BatcherLimits {
  /** Most rows of several requests in one predict. A single request is never cut. */
  readonly maxRows: number;
  /** Most requests that may wait; one more is QUEUE_FULL. */
  readonly maxQueued: number;
  /** Most rows that may wait; a request that would pass it is QUEUE_FULL, unless nothing waits. */
  readonly maxQueuedRows: number;
  /** How long a request is held back at most, so that others can join it, in milliseconds. 0: not at all. */
  readonly windowMs: number;
}

export interface BatcherOptions extends BatcherLimits {
  /** False: every request goes alone, in order. */
  readonly batching: boolean;
  readonly clock: Clock;
  /** Told of each predict. */
  readonly onBatch?: (batch: { readonly requests: number; readonly rows: number }) => void;
}

/**
 * A servable in front of a servable: what arrives in one turn of the event loop goes together, at once when an
 * executor is idle; when all are busy it waits, and the next free one takes everything that waits, up to the limit.
 * There is no timer, so a lone request is never held up; unless a window is set, which is for accelerators, where a
 * larger batch costs next to nothing more.
 *
 * Rows of one request stay together and in order. A batch that fails is asked again one by one, so that only the
 * guilty request fails. A caller who leaves frees the place.
 */
export class Batcher implements Servable, Holder {
  readonly engine: EngineName;
  readonly streams: boolean;
  readonly invoke?: Invoke;
  readonly #inner: Servable;
  readonly #options: BatcherOptions;
  #waiting: WaitingCall[] = [];
  #waitingRows = 0;
  #running = 0;
  #scheduled = false;
  #cancelWindow: (() => void) | null = null;
  #invoked = 0;
  /** An answer did not map to rows once: from then on requests go alone. */
  #alone: boolean;

  constructor(inner: Servable, options: BatcherOptions) {
    this.engine = inner.engine;
    this.streams = inner.streams;
    this.#inner = inner;
    this.#options = options;
    this.#alone = !options.batching;
    if (inner.invoke !== undefined) this.invoke = this.#limited(inner.invoke);
  }

  get executors(): number {
    return this.#inner.executors;
  }

  get detail(): string {
    return this.#inner.detail;
  }

  get memoryBytes(): number | null {
    return this.#inner.memoryBytes;
  }

  predict(call: PredictCall, caller: Caller): Promise<Payload> {
    if (caller.left !== null) return Promise.reject(leftError(caller.left.reason, 0));
    const fit = this.#fit(call);
    const full = this.#whatIsFull(fit);
    if (full !== null) return Promise.reject(full);
    const waiting = new WaitingCall(call, caller, fit, this.#options.clock.monotonicMs(), this);
    this.#waiting.push(waiting);
    this.#waitingRows += waiting.rows;
    this.#schedule();
    return waiting.answer;
  }

  predictStream(call: PredictCall, caller: Caller): AsyncIterable<Nested> {
    return this.#inner.predictStream(call, caller);
  }

  unload(): Promise<void> {
    this.#cancelWindow?.();
    return this.#inner.unload();
  }

  /** Nobody knows the rows of what only MLflow reads: it goes alone, and waits its turn in the servable. */
  #limited(invoke: Invoke): Invoke {
    return async (call, caller) => {
      const { maxQueued } = this.#options;
      if (this.#invoked >= this.executors + maxQueued) throw queueFull(maxQueued, 'requests');
      this.#invoked++;
      try {
        return await invoke(call, caller);
      } finally {
        this.#invoked--;
      }
    };
  }

  #fit({ input, params }: PredictCall): Fit {
    const rows = rowCount(input) ?? 1;
    // Of no rows at all each model makes what it will; in company that would not show.
    const goesAlone = this.#alone || rows === 0 || !isJoinable(input);
    return { company: goesAlone ? null : paramsKey(params), rows };
  }

  #whatIsFull({ rows }: Fit): Error | null {
    const { maxQueued, maxQueuedRows } = this.#options;
    const queued = this.#waiting.length;
    if (queued >= maxQueued) return queueFull(maxQueued, 'requests');
    const fits = queued === 0 || this.#waitingRows + rows <= maxQueuedRows;
    return fits ? null : queueFull(maxQueuedRows, 'rows');
  }

  /** The caller of a request in the queue left. */
  left(waiting: WaitingCall, reason: unknown): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#waitingRows -= waiting.rows;
    waiting.leave(reason);
  }

  /** Looks at the end of this turn of the event loop what there is to send. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.executors) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#running < this.executors && this.#holdMs() === 0) {
      const batch = this.#takeBatch();
      this.#running++;
      void this.#run(batch).finally(() => {
        this.#running--;
        if (this.#inner.onEventLoop !== true) this.#dispatch();
        else if (this.#waiting.length > 0) this.#schedule();
      });
    }
    this.#awaitWindow();
  }

  /** How long what waits is held back yet; nothing waits: for ever. */
  #holdMs(): number {
    const { windowMs, maxRows, clock } = this.#options;
    const [first] = this.#waiting;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    if (windowMs === 0 || first.company === null || this.#waitingRows >= maxRows) return 0;
    return Math.max(0, first.arrivedMs + windowMs - clock.monotonicMs());
  }

  #awaitWindow(): void {
    if (this.#cancelWindow !== null || this.#running >= this.executors || this.#waiting.length === 0) return;
    this.#cancelWindow = this.#options.clock.after(this.#holdMs(), () => {
      this.#cancelWindow = null;
      this.#dispatch();
    });
  }

  /** The longest waiting request and all that may go with it, in order of arrival. */
  #takeBatch(): readonly WaitingCall[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const batch = [first];
    let { rows } = first;
    const left: WaitingCall[] = [];
    for (const next of this.#waiting.slice(1)) {
      if (rows + next.rows <= this.#options.maxRows && first.goesWith(next)) {
        batch.push(next);
        rows += next.rows;
      } else {
        left.push(next);
      }
    }
    this.#waiting = left;
    this.#waitingRows -= rows;
    return batch;
  }

  async #run(batch: readonly WaitingCall[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    if (batch.length === 1) {
      await this.#runAlone(first);
      return;
    }
    const company = new Company(batch);
    const answers = await this.#askTogether(batch, first, company.caller);
    if (answers === null) {
      for (const member of company.remaining()) await this.#runAlone(member);
      return;
    }
    for (const [index, member] of batch.entries()) {
      const answer = answers[index];
      if (answer !== undefined) member.succeed(answer);
    }
  }

  /** One answer per request; null when they have to be asked one by one. */
  async #askTogether(
    batch: readonly WaitingCall[],
    first: WaitingCall,
    caller: Caller,
  ): Promise<readonly Payload[] | null> {
    this.#tell(batch);
    try {
      const input = concat(batch.map(({ call }) => call.input));
      const answer = await this.#inner.predict({ ...first.call, input }, caller);
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

  async #runAlone(member: WaitingCall): Promise<void> {
    const { left } = member.caller;
    if (left !== null) {
      member.leave(left.reason);
      return;
    }
    // The engine hears of it itself, and says when what it runs has ended.
    member.holder = null;
    this.#tell([member]);
    try {
      member.succeed(await this.#inner.predict(member.call, member.caller));
    } catch (error) {
      member.fail(error);
    }
  }

  #tell(batch: readonly WaitingCall[]): void {
    this.#options.onBatch?.({
      requests: batch.length,
      rows: batch.reduce((sum, { rows }) => sum + rows, 0),
    });
  }
}

function queueFull(limit: number, of: 'requests' | 'rows'): Error {
  return countersignError('QUEUE_FULL', limit, of).with({ retryAfterSeconds: 1 });
}
