import type { InferenceSession } from 'onnxruntime-node';
import { countersignError } from '../../errors/countersign-error.ts';
import type { VersionRef } from '../../registry/registry.ts';
import type { Caller } from '../../util/caller.ts';
import { leftError } from '../leaving.ts';
import type { GraphFacts, SessionSettings, WireTensor } from './messages.ts';
import type { ModelFile } from './model-file.ts';
import { quickRows } from './quick.ts';
import { openSession, run } from './session.ts';

/** One is opened after the other: what another does on the event loop meanwhile would count for this one's runs. */
let last: Promise<unknown> = Promise.resolve();

/** A session on the event loop itself, for runs that are over before a thread would have been woken for them. */
export class QuickSession {
  readonly graph: GraphFacts;
  /** Up to how many rows a run is quick. */
  readonly rows: number;
  readonly #session: InferenceSession;
  readonly #ref: VersionRef;

  private constructor(session: InferenceSession, graph: GraphFacts, rows: number, ref: VersionRef) {
    this.#session = session;
    this.graph = graph;
    this.rows = rows;
    this.#ref = ref;
  }

  /** Null where its runs are not quick. Errors: ENGINE_CANNOT_LOAD. */
  static open(file: ModelFile, settings: SessionSettings, ref: VersionRef): Promise<QuickSession | null> {
    const opened = last.then(() => QuickSession.#openAlone(file, settings, ref));
    last = opened.catch(() => undefined);
    return opened;
  }

  static async #openAlone(
    file: ModelFile,
    settings: SessionSettings,
    ref: VersionRef,
  ): Promise<QuickSession | null> {
    const { session, answer } = await openSession(file, settings);
    if (session === null) throw countersignError('ENGINE_CANNOT_LOAD', 'onnx', answer.reason);
    const rows = await quickRows(answer.graph.inputs, (feeds) => run(session, feeds));
    if (rows > 0) return new QuickSession(session, answer.graph, rows, ref);
    await session.release();
    return null;
  }

  /** Nobody can leave while it runs. Errors: MODEL_FAILED, DEADLINE_EXCEEDED, CALLER_LEFT. */
  async run(feeds: () => readonly WireTensor[], caller: Caller): Promise<readonly WireTensor[]> {
    if (caller.left !== null) throw leftError(caller.left.reason, 0);
    let cause: unknown;
    try {
      const answer = await run(this.#session, feeds());
      if (answer.kind === 'outputs') return answer.outputs;
      cause = answer.reason;
    } catch (error) {
      // The feeds could not be made.
      cause = error instanceof Error ? error.message : String(error);
    }
    const { model, version } = this.#ref;
    throw countersignError('MODEL_FAILED', model, version, 'an onnxruntime error').with({ cause });
  }

  /** Gives the session back; to be called when nothing runs. */
  end(): Promise<void> {
    return this.#session.release();
  }
}
