import { countersignError } from '../../errors/countersign-error.ts';
import type { VersionRef } from '../../registry/registry.ts';
import type { Caller } from '../../util/caller.ts';
import { leftError } from '../leaving.ts';
import type { GraphFacts, SessionSettings, WireTensor } from './messages.ts';
import type { ModelFile } from './model-file.ts';
import { quickRows } from './quick.ts';
import { messageOf, Session } from './session.ts';

/** A session on the event loop itself, for runs that are over before a thread would have been woken for them. */
export class QuickSession {
  /** Up to how many rows a run is quick. */
  readonly rows: number;
  readonly #session: Session;
  readonly #ref: VersionRef;

  private constructor(session: Session, rows: number, ref: VersionRef) {
    this.#session = session;
    this.rows = rows;
    this.#ref = ref;
  }

  /** Null where its runs are not quick. Errors: ENGINE_CANNOT_LOAD. */
  static open(file: ModelFile, settings: SessionSettings, ref: VersionRef): QuickSession | null {
    const session = openSession(file, settings);
    const rows = quickRows(session.graph.inputs, (feeds) => session.run(feeds));
    if (rows > 0) return new QuickSession(session, rows, ref);
    session.end();
    return null;
  }

  get graph(): GraphFacts {
    return this.#session.graph;
  }

  /** Nobody can leave while it runs. Errors: MODEL_FAILED, DEADLINE_EXCEEDED, CALLER_LEFT. */
  run(feeds: () => readonly WireTensor[], { left }: Caller): readonly WireTensor[] {
    if (left !== null) throw leftError(left.reason, 0);
    let cause: string;
    try {
      const answer = this.#session.run(feeds());
      if (answer.kind === 'outputs') return answer.outputs;
      cause = answer.reason;
    } catch (error) {
      // The feeds could not be made.
      cause = messageOf(error);
    }
    const { model, version } = this.#ref;
    throw countersignError('MODEL_FAILED', model, version, 'an onnxruntime error').with({ cause });
  }

  /** Gives the session back; to be called when nothing runs. */
  end(): void {
    this.#session.end();
  }
}

function openSession(file: ModelFile, settings: SessionSettings): Session {
  try {
    return new Session(file, settings);
  } catch (error) {
    throw countersignError('ENGINE_CANNOT_LOAD', 'onnx', messageOf(error));
  }
}
