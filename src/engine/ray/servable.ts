import { countersignError } from '../../errors/countersign-error.ts';
import { failure } from '../../frames/failure.ts';
import { type HostMessage, type LoadedMessage, packMessage } from '../../frames/message.ts';
import type { Nested, Payload } from '../../payload/payload.ts';
import type { VersionRef } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Caller } from '../../util/caller.ts';
import type { Invoke, PredictCall, Servable } from '../engine.ts';
import type { What, Way } from './way.ts';

/** One version on the cluster: how it is asked for, and how it gets there again. */
export interface OnCluster {
  readonly ref: VersionRef;
  readonly application: string;
  /** The package of the artifact. */
  readonly uri: string;
  /** `versionKey` of it. */
  readonly key: string;
  readonly way: Way;
  /** Uploads the artifact unless the cluster has it. */
  readonly upload: (signal: AbortSignal) => Promise<void>;
  /** Sees to it that the application is there, and gives the proxies a moment to hear of it. */
  readonly redeploy: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

type Message = Parameters<typeof packMessage>[0];

/** Deaths that one request may meet: the first may be chance. */
const mostDeaths = 2;
/** Proxies hear of a new application a moment after it runs. */
const mostAbsences = 40;

/** The messages that answer one; what the cluster lost on the way is brought back first. */
export async function* ask(
  on: OnCluster,
  what: What,
  message: Message,
  signal: AbortSignal,
): AsyncGenerator<HostMessage, void> {
  const { application, uri, key, ref, upload } = on;
  const frame = Buffer.concat(packMessage(message, null));
  const requestId = 'requestId' in message ? message.requestId : message.type;
  const question = { application, model: ref.model, what, requestId, uri, key, frame, upload };
  let deaths = 0;
  let avoid: string | null = null;
  let uploaded = false;
  let absences = 0;
  while (deaths < mostDeaths) {
    const outcome = await on.way.ask({ ...question, avoid }, signal);
    if (outcome.type === 'gone') {
      absences += 1;
      if (absences > mostAbsences)
        throw countersignError('RAY_DEPLOY_FAILED', application, 'no proxy knows its route');
      await on.redeploy(signal);
      continue;
    }
    if (outcome.type === 'messages') {
      const { messages } = outcome;
      try {
        const first = await messages.next();
        const code = first.done === true ? 'NOTHING' : codeOf(first.value);
        if (code === 'ARTIFACT_GONE' && !uploaded) {
          uploaded = true;
          await upload(signal);
          continue;
        }
        if (first.done !== true && code !== 'WORKER_LOST') {
          yield first.value;
          yield* messages;
          return;
        }
      } finally {
        // Also when who asked has heard enough: the replica counts as busy until then.
        await messages.return();
      }
    }
    deaths += 1;
    // What killed it may be killing more there: a node that goes takes one process after another.
    avoid = outcome.by;
    const why = outcome.type === 'lost' ? outcome.why : 'its worker ended';
    on.logger.warn({ why, again: deaths < mostDeaths }, 'a request was lost on the cluster');
  }
  throw countersignError('WORKER_LOST', ref.model, ref.version);
}

function codeOf(message: HostMessage): string | null {
  return message.type === 'failed' ? message.code : null;
}

/** The one message that answers anything but a stream. Throws what a host reports as failed. */
export async function askOnce(
  on: OnCluster,
  what: What,
  message: Message,
  signal: AbortSignal,
): Promise<HostMessage> {
  for await (const reply of ask(on, what, message, signal)) {
    if (reply.type === 'failed') throw failure(reply, on.ref);
    return reply;
  }
  throw countersignError('WORKER_LOST', on.ref.model, on.ref.version);
}

/** A version that any replica of its application may answer for. */
export class RayServable implements Servable {
  readonly engine = 'ray';
  readonly streams: boolean;
  /** Of the cluster's memory, which is not this process's to free. */
  readonly memoryBytes = null;
  readonly #on: OnCluster;
  readonly #versions: string;
  readonly #replicas: number;

  /** `replicas`: how many there are to be at most. */
  constructor(on: OnCluster, loaded: LoadedMessage, replicas: number) {
    const { python = 'unknown', mlflow = 'unknown' } = loaded.versions;
    this.#on = on;
    this.#replicas = replicas;
    this.#versions = `Python ${python}, MLflow ${mlflow}`;
    this.streams = loaded.streams;
  }

  /** One predict at a time in each replica; also in those to come, which Ray starts because requests wait. */
  get executors(): number {
    return Math.max(this.#replicas, this.#on.way.replicas(this.#on.application) ?? 1);
  }

  get detail(): string {
    const { application, way } = this.#on;
    return `Ray application ${application}, ${way.describe(application).sentence}, ${this.#versions}`;
  }

  async predict(call: PredictCall, { signal }: Caller): Promise<Payload> {
    const reply = await askOnce(this.#on, 'predict', { type: 'predict', id: 1, ...call }, signal);
    return reply.type === 'answer' ? reply.payload : unexpected(reply);
  }

  readonly invoke: Invoke = async (call, { signal }) => {
    const reply = await askOnce(this.#on, 'invoke', { type: 'invoke', id: 1, ...call }, signal);
    return reply.type === 'raw' ? reply : unexpected(reply);
  };

  async *predictStream(call: PredictCall, { signal }: Caller): AsyncGenerator<Nested, void> {
    for await (const reply of ask(this.#on, 'stream', { type: 'stream', id: 1, ...call }, signal)) {
      if (reply.type === 'end') return;
      if (reply.type === 'failed') throw failure(reply, this.#on.ref);
      yield reply.type === 'item' ? reply.value : unexpected(reply);
    }
    throw countersignError('WORKER_LOST', this.#on.ref.model, this.#on.ref.version);
  }

  /** Replicas let go by themselves, and other gateways may be using it. */
  unload(): Promise<void> {
    return Promise.resolve();
  }
}

function unexpected(reply: HostMessage): never {
  throw countersignError('INTERNAL').with({ cause: `a replica answered with ${reply.type}` });
}
