import type { InferenceSession } from 'onnxruntime-node';
import { countersignError } from '../../errors/countersign-error.ts';
import type { VersionRef } from '../../registry/registry.ts';
import { leftError } from '../leaving.ts';
import type { SessionSettings, WireTensor } from './messages.ts';
import { load, run } from './session.ts';

/** A session on the event loop itself, for runs that are over before a thread would have been woken for them. */
export class QuickSession {
  readonly #session: InferenceSession;
  readonly #ref: VersionRef;

  private constructor(session: InferenceSession, ref: VersionRef) {
    this.#session = session;
    this.#ref = ref;
  }

  /** Errors: ENGINE_CANNOT_LOAD. */
  static async open(path: string, settings: SessionSettings, ref: VersionRef): Promise<QuickSession> {
    const { session, answer } = await load(path, settings);
    if (session !== null) return new QuickSession(session, ref);
    throw countersignError('ENGINE_CANNOT_LOAD', 'onnx', 'reason' in answer ? answer.reason : answer.kind);
  }

  /** Nobody can leave while it runs. Errors: MODEL_FAILED, DEADLINE_EXCEEDED, CALLER_LEFT. */
  async run(feeds: () => readonly WireTensor[], signal: AbortSignal): Promise<readonly WireTensor[]> {
    if (signal.aborted) throw leftError(signal, 0);
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
