import { inspect } from 'node:util';

import { CountersignError } from '../errors/countersign-error.ts';

/** A thrown thing as the log has it; never sent to a caller. */
export interface LoggedError {
  readonly type: string;
  readonly code?: unknown;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
  readonly errors?: readonly LoggedError[];
}

/** How far causes are followed, so that a circle of them ends. */
const maxDepth = 8;

/**
 * A thrown thing with its trace and its causes, as data. Other fields of it are left out on purpose: the facts of a
 * CountersignError may quote the caller's payload.
 */
export function serializeError(thrown: unknown, depth = 0): LoggedError {
  if (!(thrown instanceof Error))
    return { type: typeof thrown, message: typeof thrown === 'string' ? thrown : inspect(thrown) };
  const { name: type, message, cause } = thrown;
  const stack = explainsItself(thrown) ? undefined : thrown.stack;
  const follow = depth < maxDepth;
  return {
    type,
    ...('code' in thrown && { code: thrown.code }),
    message,
    ...(stack !== undefined && { stack }),
    ...(follow && cause !== undefined && { cause: serializeError(cause, depth + 1) }),
    ...(follow && thrown instanceof AggregateError && { errors: inner(thrown, depth) }),
  };
}

/** What the catalogue or the operating system names needs no trace: it did not happen by mistake of the code. */
function explainsItself(thrown: Error): boolean {
  return thrown instanceof CountersignError ? thrown.code !== 'INTERNAL' : 'syscall' in thrown;
}

function inner({ errors }: AggregateError, depth: number): readonly LoggedError[] {
  return errors.map((error: unknown) => serializeError(error, depth + 1));
}
