import type { PythonEnvironment } from '../../environment/environments.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { failure } from '../../frames/failure.ts';
import type { HostMessage } from '../../frames/message.ts';
import type { Nested, Payload } from '../../payload/payload.ts';
import type { VersionRef } from '../../registry/registry.ts';
import type { Caller } from '../../util/caller.ts';
import type { Clock } from '../../util/clock.ts';
import type { Invoke, PredictCall, Servable } from '../engine.ts';
import type { Request } from './connection.ts';
import { Lease, type LeaseSettings } from './lease.ts';
import { privateBytes } from './memory.ts';
import type { Pool } from './pool.ts';
import type { Worker } from './worker.ts';

export interface PythonServableOptions {
  readonly ref: VersionRef;
  readonly pool: Pool<Worker>;
  /** Called when a forked worker had to be killed before it ever answered. */
  readonly distrustForks: () => void;
  readonly environment: PythonEnvironment;
  readonly workers: number;
  readonly abandonedTimeoutMs: number;
  readonly clock: Clock;
}

/** Memory is looked up again when it is asked for and the last look is older than this. */
const memoryAgeMs = 5000;

/** A version in a pool of workers. */
export class PythonServable implements Servable {
  readonly engine = 'python';
  readonly executors: number;
  readonly streams: boolean;
  readonly #options: PythonServableOptions;
  readonly #leases: LeaseSettings;
  readonly #versions: string;
  #memory: { readonly bytes: number | null; readonly atMs: number } = { bytes: null, atMs: -Infinity };

  private constructor(options: PythonServableOptions) {
    const { pool, clock, abandonedTimeoutMs, workers } = options;
    const loaded = pool.members[0]?.loaded;
    const { python = 'unknown', mlflow = 'unknown' } = loaded?.versions ?? {};
    this.#options = options;
    this.#leases = { pool, clock, abandonedTimeoutMs, onOverdue: (worker) => { this.#suspect(worker); } };
    this.#versions = `Python ${python}, MLflow ${mlflow}`;
    this.executors = workers;
    this.streams = loaded?.streams ?? false;
  }

  static async open(options: PythonServableOptions): Promise<PythonServable> {
    const servable = new PythonServable(options);
    await servable.#measure();
    return servable;
  }

  get detail(): string {
    const { pool, workers, environment } = this.#options;
    const up = pool.members.length;
    const count = up === workers ? String(up) : `${String(up)} of ${String(workers)}`;
    const origin = pool.members.every((worker) => worker.origin === 'forked') ? 'forked' : 'spawned';
    return `${count} ${origin} worker${workers === 1 ? '' : 's'}, ${this.#versions}, environment ${environment.id}`;
  }

  get memoryBytes(): number | null {
    if (this.#options.clock.monotonicMs() - this.#memory.atMs > memoryAgeMs) void this.#measure();
    return this.#memory.bytes;
  }

  async predict(call: PredictCall, { signal }: Caller): Promise<Payload> {
    const reply = await this.#ask({ type: 'predict', ...call }, call.requestId, signal);
    if (reply?.type === 'answer') return reply.payload;
    throw this.#error(reply);
  }

  readonly invoke: Invoke = async (call, { signal }) => {
    const reply = await this.#ask({ type: 'invoke', ...call }, call.requestId, signal);
    if (reply?.type === 'raw') return reply;
    throw this.#error(reply);
  };

  async *predictStream(call: PredictCall, { signal }: Caller): AsyncGenerator<Nested, void> {
    const lease = await Lease.take(this.#leases, call.requestId, signal);
    let over = false;
    try {
      let reply = await lease.ask({ type: 'stream', ...call });
      for (; reply?.type === 'item'; reply = await lease.ask({ type: 'pull' })) yield reply.value;
      over = true;
      if (reply?.type !== 'end') throw this.#error(reply);
    } finally {
      lease.end(over ? undefined : { type: 'cancel' });
    }
  }

  unload(): Promise<void> {
    return this.#options.pool.close();
  }

  /** When its worker dies over it, that may have been the request's doing or not: once more, before all others. */
  async #ask(request: Request, requestId: string, signal: AbortSignal): Promise<HostMessage | null> {
    const reply = await this.#askOnce(request, requestId, signal, false);
    return reply ?? (await this.#askOnce(request, requestId, signal, true));
  }

  async #askOnce(
    request: Request,
    requestId: string,
    signal: AbortSignal,
    again: boolean,
  ): Promise<HostMessage | null> {
    const lease = await Lease.take(this.#leases, requestId, signal, again);
    try {
      return await lease.ask(request);
    } finally {
      lease.end();
    }
  }

  #error(reply: HostMessage | null): Error {
    const { ref } = this.#options;
    if (reply === null) return countersignError('WORKER_LOST', ref.model, ref.version);
    if (reply.type === 'failed') return failure(reply, ref);
    return countersignError('INTERNAL').with({ cause: `a host answered with ${reply.type}` });
  }

  /** A fork that never answered anything may hang in a lock that it inherited. */
  #suspect(worker: Worker): void {
    if (worker.origin === 'forked' && !worker.proven) this.#options.distrustForks();
  }

  async #measure(): Promise<void> {
    const { clock, pool } = this.#options;
    this.#memory = { ...this.#memory, atMs: clock.monotonicMs() };
    const each = await Promise.all(pool.members.map(({ pid }) => privateBytes(pid)));
    const known = each.filter((bytes) => bytes !== null);
    if (known.length === 0) return;
    this.#memory = { ...this.#memory, bytes: known.reduce((sum, bytes) => sum + bytes, 0) };
  }
}
