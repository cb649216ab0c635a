import type { MemberTurn } from '../endpoint/endpoint.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import type { MemberSpan } from '../telemetry/tracing.ts';

/** What became of one time a member was asked; `replaced` and `omitted`: it failed, and its `onError` says what to do. */
export type Outcome = 'answered' | 'replaced' | 'omitted' | 'failed';

/** What one member did for one call of a composed model, from the first time it was asked to its last answer. */
export class Turn {
  version: string | null = null;
  readonly span: MemberSpan | null;
  readonly began: number;
  ended: number;
  #calls = 0;
  #rows = 0;
  #underWay = 0;
  #outcome: Outcome | 'stopped' = 'answered';
  #code: ErrorCode | null = null;

  constructor(began: number, span: MemberSpan | null) {
    this.began = began;
    this.ended = began;
    this.span = span;
  }

  asked(rows: number): void {
    this.#calls++;
    this.#rows += rows;
    this.#underWay++;
  }

  answered(ended: number, outcome: Outcome, code: ErrorCode | null): void {
    this.#underWay--;
    this.ended = ended;
    if (code === null) return;
    this.#outcome = outcome;
    this.#code = code;
  }

  /** The call it was asked for is over, whether it has answered or not. */
  end(name: string): MemberTurn {
    const outcome = this.#underWay > 0 ? 'stopped' : this.#outcome;
    this.span?.end({ outcome, calls: this.#calls, rows: this.#rows, code: this.#code });
    return { name, version: this.version, durationMs: this.ended - this.began };
  }
}
