import { createRowsCodec, type Longs, type RowsRequest } from '../codec/rows.ts';
import type {
  CallObserver,
  Endpoint,
  EndpointCall,
  MemberTurn,
  MemberVersions,
} from '../endpoint/endpoint.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { Clock } from '../util/clock.ts';
import type { MemberSpec } from './definition.ts';
import type { Ask } from './prepared.ts';
import { type Outcome, Turn } from './turn.ts';
import { callerOf } from '../util/caller.ts';

/** One time a member was asked, for the metrics. */
export interface MemberObservation {
  readonly graph: string;
  readonly member: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
}

export interface AskingOptions {
  readonly graph: string;
  readonly longs: Longs;
  readonly member: (member: MemberSpec, signal: AbortSignal) => Promise<Endpoint>;
  /** Versions the caller chose. */
  readonly versions: ReadonlyMap<MemberSpec, Pinning>;
  readonly requestId: string;
  /** Aborts when the call of the composed model ends, well or not. */
  readonly signal: AbortSignal;
  /** The call in the traces; null: nobody wants it. */
  readonly span: Span | null;
  /** What is left of the call's deadline. */
  readonly remainingMs: () => number;
  readonly observed: (observation: MemberObservation) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a caller chose of one member: its own version, and those of its members where it is composed itself. */
export interface Pinning {
  readonly selector: EndpointCall['selector'] | null;
  readonly within: MemberVersions;
}

/** The members of one call: asks them under their contracts and keeps what became of it. */
export class Asking {
  readonly #options: AskingOptions;
  readonly #turns = new Map<string, Turn>();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /** The call is over: what each member that was asked did. */
  end(): readonly MemberTurn[] {
    return [...this.#turns].map(([name, turn]) => turn.end(name));
  }

  readonly ask: Ask = async (member, rows, params) => {
    const { clock, signal, logger, graph } = this.#options;
    const began = clock.monotonicMs();
    const turn = this.#turn(member, began);
    turn.asked(rows.length);
    let outcome: Outcome = 'failed';
    let code: ErrorCode | null = null;
    try {
      const call = (): Promise<readonly unknown[]> =>
        this.#call(member, rows, { ...member.params, ...params }, turn);
      const answers = await (turn.span === null ? call() : turn.span.run(call));
      outcome = 'answered';
      return answers;
    } catch (thrown) {
      const error = CountersignError.from(thrown);
      code = error.code;
      if (signal.aborted || member.onError.kind === 'fail') throw placed(error, graph, member, turn.version);
      outcome = member.onError.kind === 'omit' ? 'omitted' : 'replaced';
      logger.warn({ graph, member: member.name, error, outcome }, 'a member failed');
      const { onError } = member;
      return onError.kind === 'omit' ? null : rows.map(() => onError.row);
    } finally {
      const ended = clock.monotonicMs();
      turn.answered(ended, outcome, code);
      this.#options.observed({ graph, member: member.name, outcome, durationMs: ended - began });
    }
  };

  async #call(
    member: MemberSpec,
    rows: readonly unknown[],
    params: Readonly<Record<string, unknown>>,
    turn: Turn,
  ): Promise<readonly unknown[]> {
    const { longs, versions, requestId, signal, remainingMs } = this.#options;
    if (rows.length === 0) return [];
    const endpoint = await this.#options.member(member, signal);
    const pinned = versions.get(member);
    const call: EndpointCall<RowsRequest, readonly unknown[]> = {
      selector: pinned?.selector ?? member.selector,
      terms: 'contract',
      codec: createRowsCodec(longs),
      request: { rows, params },
      requestId,
      caller: callerOf(signal),
      timeoutMs: remainingMs(),
      memberVersions: pinned?.within ?? noVersions,
    };
    const answers = await endpoint.call(call, this.#observer(member, turn));
    if (answers.length === rows.length) return answers;
    const what = `expected ${String(rows.length)} rows, got ${String(answers.length)}`;
    throw countersignError('MODEL_OUTPUT_MISMATCH', member.model, turn.version ?? '?', what);
  }

  #observer(member: MemberSpec, turn: Turn): CallObserver {
    const { span } = turn;
    return {
      resolved: (model, version) => {
        turn.version = version;
        span?.resolved(model, version);
      },
      stage: (name, durationMs) => span?.stage(name, durationMs),
      member: ({ name, version, durationMs }) => {
        const path = `${member.name}/${name}`;
        const inner = this.#turns.get(path) ?? new Turn(turn.began, null);
        this.#turns.set(path, inner);
        inner.version = version;
        inner.ended = Math.max(inner.ended, inner.began + durationMs);
      },
      span,
    };
  }

  #turn({ name, model }: MemberSpec, began: number): Turn {
    const known = this.#turns.get(name);
    if (known !== undefined) return known;
    const { span, graph } = this.#options;
    const turn = new Turn(began, span?.member({ graph, member: name, model }) ?? null);
    this.#turns.set(name, turn);
    return turn;
  }
}

const noVersions: MemberVersions = new Map();

/** What the caller of a member did wrong: here that is the composed model, not whoever called it. */
const mistakes: ReadonlySet<ErrorCode> = new Set(['INVALID_INPUT', 'INVALID_PARAMS']);

/** The member's error, saying whose it is. */
function placed(
  error: CountersignError,
  graph: string,
  { name, model }: MemberSpec,
  version: string | null,
): CountersignError {
  const inner = error.facts.details?.['member'];
  const member = { graph, member: name, model, version, ...(inner === undefined ? {} : { within: inner }) };
  const place = `Member '${name}'${name === model ? '' : ` (${model})`} of '${graph}'`;
  const details = { ...error.facts.details, member };
  if (!mistakes.has(error.code)) return error.at(place).with({ details });
  const issues = error.facts.errors ?? [];
  const what = issues.slice(0, 5).map((issue) => `${issue.pointer || 'the row'}: ${issue.message}`);
  return countersignError('MEMBER_INPUT_MISMATCH', `${place}: ${what.join('; ')}`).with({
    details: { ...details, problems: issues },
    cause: error,
  });
}
