import { CountersignError } from '../errors/countersign-error.ts';

/**
 * Writes what ended a command: one line that says what happened, one that says what to do, and a stack trace only
 * for what should not happen. Returns the exit code.
 */
export function reportError(thrown: unknown, out: { write(text: string): unknown }): number {
  const error = CountersignError.from(thrown);
  const { message, hint } = words(error);
  out.write(`countersign: ${message}\n`);
  for (const issue of (error.facts.errors ?? []).slice(0, 5))
    out.write(`  ${issue.pointer || '(body)'}: ${issue.message}\n`);
  if (hint !== undefined) out.write(`  ${hint}\n`);
  if (error.code === 'INTERNAL') out.write(`${traceOf(error.facts.cause)}\n`);
  return error.exitCode;
}

/** A load that ends the process is not tried again: its hint is that of what went wrong, which the message ends in. */
function words(error: CountersignError): Pick<CountersignError, 'message' | 'hint'> {
  const { cause } = error.facts;
  if (error.code !== 'VERSION_LOAD_FAILED' || !(cause instanceof CountersignError)) return error;
  const { message } = error;
  const { hint } = cause;
  if (hint === undefined || !message.endsWith(hint)) return { message, hint };
  return { message: message.slice(0, -hint.length).trimEnd(), hint };
}

function traceOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
