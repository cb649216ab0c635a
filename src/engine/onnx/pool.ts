import { countersignError, type CountersignError } from '../../errors/countersign-error.ts';
import type { VersionRef } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Caller } from '../../util/caller.ts';
import type { Clock } from '../../util/clock.ts';
import type { Executor, Outcome } from './executor.ts';
import type { WireTensor } from './messages.ts';
import { isDeadline, leftError } from '../leaving.ts';

/** Threads past their deadline that may still run, per version; beyond that the version is stuck. */
const maxRetired = 3;

export interface PoolOptions {
  readonly ref: VersionRef;
  readonly size: number;
  /** A new executor with the model loaded. */
  readonly open: () => Promise<Executor>;
  /** An executor that was lost or retired has a successor. */
  readonly onReplaced?: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A run that is wanted, until it is settled. */
class Job {
  /** Made when its turn comes, and again for a second try: the executor keeps what it is given. */
  readonly feeds: () => readonly WireTensor[];
  readonly since: number;
  readonly outputs: Promise<readonly WireTensor[]>;
  settled = false;
  tries = 0;
  readonly #resolve: (outputs: readonly WireTensor[]) => void;
  readonly #reject: (error: CountersignError) => void;
  readonly #forgetCaller: () => void;

  constructor(
    feeds: Job['feeds'],
    caller: Caller,
    since: number,
    onLeft: (job: Job, reason: unknown) => void,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly WireTensor[]>();
    this.feeds = feeds;
    this.since = since;
    this.outputs = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#forgetCaller = caller.onLeave((reason) => {
      onLeft(this, reason);
    });
  }

  settle(result: readonly WireTensor[] | CountersignError): void {
    if (this.settled) return;
    this.settled = true;
    this.#forgetCaller();
    if (result instanceof Error) this.#reject(result);
    else this.#resolve(result);
  }
}

/**
 * Gives runs to executors, first come first served, one at a time each. An executor past the deadline of its run
 * is retired: its answer is dropped, and another takes its place. One that dies is replaced, and its run is tried
 * once more. Those that it is not given it starts with the first run.
 */
export class ExecutorPool {
  readonly #options: PoolOptions;
  readonly #queue: Job[] = [];
  readonly #idle: Executor[] = [];
  readonly #busy = new Map<Executor, Job>();
  readonly #retired = new Set<Executor>();
  #starting = 0;
  /** Executors that it still may start before the next is one in the place of another. */
  #first: number;
  readonly #onLeft = (job: Job, reason: unknown): void => {
    this.#leave(job, reason);
  };
  #closed = false;

  constructor(options: PoolOptions, executors: readonly Executor[]) {
    this.#options = options;
    this.#first = options.size - executors.length;
    for (const executor of executors) this.#adopt(executor);
  }

  /** Executors there are, those past their deadline too. */
  get living(): number {
    return this.#idle.length + this.#busy.size + this.#retired.size;
  }

  /** Errors: MODEL_FAILED, MODEL_STUCK, WORKER_LOST, DEADLINE_EXCEEDED, CALLER_LEFT. */
  run(feeds: Job['feeds'], caller: Caller): Promise<readonly WireTensor[]> {
    if (caller.left !== null) return Promise.reject(leftError(caller.left.reason, 0));
    const job = new Job(feeds, caller, this.#options.clock.monotonicMs(), this.#onLeft);
    this.#queue.push(job);
    this.#advance();
    return job.outputs;
  }

  /** Ends the idle executors and retires the others. Waits for the idle ones. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.settle(countersignError('SERVER_STOPPING'));
    for (const [executor, job] of [...this.#busy]) {
      job.settle(countersignError('SERVER_STOPPING'));
      this.#retire(executor);
    }
    await Promise.all(this.#idle.splice(0).map((executor) => executor.end()));
  }

  #adopt(executor: Executor): void {
    this.#idle.push(executor);
    void executor.gone.then(() => {
      this.#forget(executor);
      this.#advance();
    });
  }

  #forget(executor: Executor): void {
    this.#busy.delete(executor);
    this.#retired.delete(executor);
    const index = this.#idle.indexOf(executor);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  #advance(): void {
    while (this.#idle.length > 0) {
      const job = this.#queue.shift();
      if (job === undefined) break;
      const executor = this.#idle.shift();
      if (executor !== undefined) void this.#dispatch(executor, job);
    }
    this.#refill();
    if (this.#alive() > 0 || this.#closed) return;
    // Too many are retired for another one to be started.
    const { model, version } = this.#options.ref;
    this.#refuseAll(countersignError('MODEL_STUCK', model, version, this.#retired.size));
  }

  #alive(): number {
    return this.#idle.length + this.#busy.size + this.#starting;
  }

  #refuseAll(error: CountersignError): void {
    for (const job of this.#queue.splice(0)) job.settle(error);
  }

  async #dispatch(executor: Executor, job: Job): Promise<void> {
    this.#busy.set(executor, job);
    job.tries += 1;
    const outcome = await this.#ask(executor, job);
    if (this.#busy.get(executor) === job && outcome.kind !== 'gone') {
      this.#busy.delete(executor);
      this.#idle.push(executor);
    }
    this.#conclude(job, outcome);
    this.#advance();
  }

  async #ask(executor: Executor, job: Job): Promise<Outcome> {
    try {
      return await executor.run(job.feeds());
    } catch (error) {
      // The feeds could not be made; the executor was not asked.
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #conclude(job: Job, outcome: Outcome): void {
    if (job.settled) return;
    const { model, version } = this.#options.ref;
    if (outcome.kind === 'outputs') job.settle(outcome.outputs);
    else if (outcome.kind !== 'gone') {
      const cause = outcome.kind === 'loaded' ? 'an answer to another question' : outcome.reason;
      job.settle(countersignError('MODEL_FAILED', model, version, 'an onnxruntime error').with({ cause }));
    } else if (job.tries < 2) this.#queue.unshift(job);
    else job.settle(countersignError('WORKER_LOST', model, version).with({ cause: outcome.reason }));
  }

  #leave(job: Job, reason: unknown): void {
    const index = this.#queue.indexOf(job);
    if (index !== -1) this.#queue.splice(index, 1);
    job.settle(leftError(reason, this.#options.clock.monotonicMs() - job.since));
    if (!isDeadline(reason)) return;
    // Its own executor, and those that hold others up with a run nobody waits for.
    for (const [executor, running] of [...this.#busy]) if (running.settled) this.#retire(executor);
    this.#advance();
  }

  #retire(executor: Executor): void {
    this.#busy.delete(executor);
    this.#retired.add(executor);
    void executor.end();
    const { ref, logger } = this.#options;
    logger.warn(
      { ...ref, retired: this.#retired.size },
      'an onnx executor is past its deadline and was retired',
    );
  }

  #refill(): void {
    while (!this.#closed && this.#alive() < this.#options.size && this.#retired.size < maxRetired) {
      this.#starting += 1;
      void this.#start();
    }
  }

  async #start(): Promise<void> {
    try {
      const executor = await this.#options.open();
      this.#starting -= 1;
      if (this.#closed) return void executor.end();
      this.#adopt(executor);
      if (this.#first > 0) this.#first -= 1;
      else this.#options.onReplaced?.();
      this.#advance();
    } catch (error) {
      this.#starting -= 1;
      const { ref, logger } = this.#options;
      logger.error({ ...ref, err: error }, 'an onnx executor could not be replaced');
      // The next call tries again.
      if (this.#alive() > 0) return;
      this.#refuseAll(countersignError('WORKER_LOST', ref.model, ref.version).with({ cause: error }));
    }
  }
}
