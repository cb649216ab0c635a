import { stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { countersignError } from '../../errors/countersign-error.ts';
import type { Payload } from '../../payload/payload.ts';
import { rowCount } from '../../payload/rows.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../util/clock.ts';
import type { Engine, Servable } from '../engine.ts';
import { answerOf } from './answers.ts';
import { canLoadOnnx } from './can-load.ts';
import { Executor } from './executor.ts';
import { feedsOf } from './feeds.ts';
import type { Isolation } from './link.ts';
import type { GraphFacts, SessionSettings } from './messages.ts';
import { ExecutorPool } from './pool.ts';
import { quickCandidate } from './quick.ts';
import type { QuickSession } from './quick-session.ts';
import { sessionSettings } from './session-settings.ts';

export interface OnnxEngineOptions {
  /** Sessions per loaded version, each in a thread or process of its own. */
  readonly workers: number;
  /** `process` where a model is not trusted to end: a process can be killed, a running thread cannot. */
  readonly isolation: Isolation;
  /** A thread or process of the model was lost or retired and has a successor. */
  readonly onReplaced?: (model: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Runs MLflow's `onnx` flavor with onnxruntime, without Python. `load` rejects with ENGINE_CANNOT_LOAD where
 * another engine may do better. `close` waits for retired threads, which may take as long as their runs: the
 * caller bounds it, and kills its own process when the bound is over (exiting would abort it).
 */
export function createOnnxEngine(options: OnnxEngineOptions): Engine {
  const living = new Set<Executor>();
  return {
    name: 'onnx',
    canLoad: canLoadOnnx,
    loader: (metadata, artifact) => ({
      load: (signal) => new Load(options, metadata, living).run(artifact.directory, signal),
    }),
    async close() {
      await Promise.all([...living].map((executor) => executor.end()));
    },
  };
}

interface Opened {
  readonly executor: Executor;
  readonly graph: GraphFacts;
}

/** One load of one version, and what its servable needs to replace an executor. */
class Load {
  readonly #options: OnnxEngineOptions;
  readonly #metadata: VersionMetadata;
  /** Every executor of the engine that has not ended. */
  readonly #living: Set<Executor>;

  constructor(options: OnnxEngineOptions, metadata: VersionMetadata, living: Set<Executor>) {
    this.#options = options;
    this.#metadata = metadata;
    this.#living = living;
  }

  async run(directory: string, signal: AbortSignal): Promise<Servable> {
    const path = await this.#locate(directory);
    signal.throwIfAborted();
    const quick = await this.#openQuick(path, signal);
    // Many a model never gets a larger run: threads, which take 10 MB each, are started for the first one.
    if (quick !== null) return this.#servable(path, quick.graph, [], quick);
    const opened = await this.#openAll(path, signal);
    return this.#servable(
      path,
      opened[0].graph,
      opened.map(({ executor }) => executor),
      null,
    );
  }

  /** A session on the event loop, for a graph that has quick runs. */
  async #openQuick(path: string, signal: AbortSignal): Promise<QuickSession | null> {
    if (this.#options.isolation === 'process') return null;
    // Where it cannot be read, the thread finds the same and says so.
    const file = await quickCandidate(path).catch(() => null);
    if (file === null) return null;
    const { QuickSession } = await import('./quick-session.ts');
    signal.throwIfAborted();
    return QuickSession.open(file, this.#settings(), this.#metadata);
  }

  /** As many as there are to be workers, or none. */
  async #openAll(path: string, signal: AbortSignal): Promise<readonly [Opened, ...Opened[]]> {
    const opening = Array.from({ length: this.#options.workers }, () => this.#open(path, signal));
    const results = await Promise.allSettled(opening);
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    const [first, ...others] = opened;
    if (first !== undefined && failed === undefined) return [first, ...others];
    await Promise.all(opened.map(({ executor }) => executor.end()));
    throw failed?.reason as Error;
  }

  #settings(): SessionSettings {
    return sessionSettings(this.#metadata.flavors['onnx']?.['onnx_session_options']);
  }

  /** `data` of the flavor: the model file, or a folder with `model.onnx` in it. */
  async #locate(directory: string): Promise<string> {
    const { flavors, model, version } = this.#metadata;
    const data = String(flavors['onnx']?.['data']);
    const path = resolve(directory, data);
    const outside = relative(resolve(directory), path).split(sep)[0] === '..';
    const kind = await stat(path).catch(() => null);
    if (outside || kind === null) {
      throw countersignError('ARTIFACT_UNREADABLE', model, version, `it has no file ${data}`);
    }
    return kind.isDirectory() ? join(path, 'model.onnx') : path;
  }

  async #open(path: string, signal: AbortSignal | null): Promise<Opened> {
    const executor = new Executor(this.#options.isolation);
    this.#living.add(executor);
    void executor.gone.then(() => this.#living.delete(executor));
    const abort = (): void => void executor.end();
    signal?.addEventListener('abort', abort, { once: true });
    const outcome = await executor.load(path, this.#settings());
    signal?.removeEventListener('abort', abort);
    if (outcome.kind === 'loaded' && signal?.aborted !== true) return { executor, graph: outcome.graph };
    await executor.end();
    signal?.throwIfAborted();
    const reason = 'reason' in outcome ? outcome.reason : 'it answered something else';
    throw countersignError('ENGINE_CANNOT_LOAD', 'onnx', reason);
  }

  #pool(path: string, executors: readonly Executor[]): ExecutorPool {
    const { clock, logger } = this.#options;
    const { model, version } = this.#metadata;
    const open = async (): Promise<Executor> => (await this.#open(path, null)).executor;
    const onReplaced = (): void => this.#options.onReplaced?.(model);
    const { workers: size } = this.#options;
    return new ExecutorPool({ ref: { model, version }, size, open, onReplaced, clock, logger }, executors);
  }

  #servable(
    path: string,
    graph: GraphFacts,
    executors: readonly Executor[],
    quick: QuickSession | null,
  ): Servable {
    const { workers, isolation } = this.#options;
    const { signature } = this.#metadata;
    const pool = this.#pool(path, executors);
    const placeFor = (input: Payload): QuickSession | ExecutorPool =>
      quick !== null && (rowCount(input) ?? Number.POSITIVE_INFINITY) <= quick.rows ? quick : pool;
    const quickly = quick === null ? '' : `; up to ${String(quick.rows)} rows at once on the event loop`;
    return {
      engine: 'onnx',
      executors: workers,
      streams: false,
      onEventLoop: quick !== null,
      detail: `onnxruntime ${graph.runtime}, ${String(workers)} ${plural(isolation, workers)}${quickly}`,
      // The weights are nearly all of it; each session has its own copy.
      get memoryBytes() {
        return graph.bytes * (pool.living + (quick === null ? 0 : 1));
      },
      async predict({ input }, caller) {
        const run = placeFor(input).run(() => feedsOf(graph.inputs, input), caller);
        const outputs = run instanceof Promise ? await run : run;
        return answerOf(outputs, graph, input, signature?.outputs ?? null);
      },
      predictStream() {
        throw countersignError('INTERNAL').with({ cause: 'an onnx model does not stream' });
      },
      async unload() {
        quick?.end();
        await pool.close();
      },
    };
  }
}

function plural(word: Isolation, count: number): string {
  return count === 1 ? word : word === 'process' ? 'processes' : 'threads';
}
