import { type LoggedError } from './serialize-error.ts';

/**
 * A JSON line of the log for a person: `12:30:45.123 WARN  version failed to load model=m version=1`, and below it
 * the traces of its errors. Lines come from our own logger, so what they hold is known.
 */
export function prettyLine(line: string): string {
  const { time, level, msg, ...data } = JSON.parse(line) as { time: string; level: string; msg?: string };
  const fields = Object.entries<unknown>(data);
  const head = [time.slice(11, 23), level.toUpperCase().padEnd(5), msg ?? ''];
  const shown = fields.map(([key, value]) => `${key}=${fieldText(value)}`);
  const traces = fields.flatMap(([, value]) => (isLoggedError(value) ? traceOf(value) : []));
  return [[...head, ...shown].join(' '), ...traces].join('\n') + '\n';
}

function fieldText(value: unknown): string {
  if (isLoggedError(value)) return typeof value.code === 'string' ? value.code : value.type;
  return typeof value === 'string' && /^[^\s"=]+$/u.test(value) ? value : JSON.stringify(value);
}

function traceOf(error: LoggedError): readonly string[] {
  const own = error.stack ?? `${error.type}: ${error.message}`;
  const causes = [...(error.cause === undefined ? [] : [error.cause]), ...(error.errors ?? [])];
  return [
    ...own.split('\n').map((line) => `    ${line}`),
    ...causes.flatMap(traceOf).map((line) => `  ${line}`),
  ];
}

function isLoggedError(value: unknown): value is LoggedError {
  return typeof value === 'object' && value !== null && 'type' in value && 'message' in value;
}
