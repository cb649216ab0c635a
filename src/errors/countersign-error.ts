import { catalogue, httpStatus, type ErrorCode, type ErrorKind, type ErrorRow } from './catalogue.ts';

/** One thing wrong with a request, at a JSON pointer (RFC 6901) into the body as it was sent. */
export interface Issue {
  readonly pointer: string;
  readonly message: string;
}

/** Facts beside the message, for callers that read errors by program. */
export interface ErrorFacts {
  /** Where there are several things wrong: each of them. */
  readonly errors?: readonly Issue[];
  /** More fields of the problem document, such as `differences` or `versions`; JSON values only. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** MLflow's `error_code` when the model raised an MlflowException that carries one. */
  readonly mlflowCode?: string;
  /** HTTP status where the model decided it (an MlflowException with a code); else the kind's. */
  readonly status?: number;
  /** What went wrong underneath. Logged, never sent. */
  readonly cause?: unknown;
}

/** The one error class. Match on `code`, never on the class or the message. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly facts: ErrorFacts;

  /** @internal Use `countersignError`. */
  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    const row: ErrorRow = catalogue[code];
    this.code = code;
    this.kind = row.kind;
    this.retryable = row.retryable ?? false;
    this.hint = row.hint;
    this.facts = facts;
  }

  get status(): number {
    return this.facts.status ?? httpStatus[this.kind];
  }

  /** Exit code of a command that ends with this error. */
  get exitCode(): number {
    const row: ErrorRow = catalogue[this.code];
    return row.exit ?? 1;
  }

  /** The same error with more facts. */
  with(facts: ErrorFacts): CountersignError {
    return new CountersignError(this.code, this.message, { ...this.facts, ...facts });
  }

  /** The same error, its message beginning with where it happened. */
  at(place: string): CountersignError {
    return new CountersignError(this.code, `${place}: ${this.message}`, this.facts);
  }

  /** Any thrown thing as a CountersignError; what is unknown becomes INTERNAL with the thing as its cause. */
  static from(thrown: unknown): CountersignError {
    return thrown instanceof CountersignError
      ? thrown
      : new CountersignError('INTERNAL', catalogue.INTERNAL.message(), { cause: thrown });
  }
}

/** Makes the error of one catalogue row from the row's own arguments: `countersignError('QUEUE_FULL', 128)`. */
export function countersignError<Code extends ErrorCode>(
  code: Code,
  ...args: Parameters<(typeof catalogue)[Code]['message']>
): CountersignError {
  const message = catalogue[code].message as (...args: unknown[]) => string;
  return new CountersignError(code, message(...args));
}
