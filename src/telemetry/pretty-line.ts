import { styleText } from 'node:util';

import type { LoggedError } from './serialize-error.ts';

/**
 * A JSON line of the log for a person: `12:30:45.123 WARN  version failed to load model=m version=1`, and below it
 * texts of several lines and the traces of its errors. Lines come from our own logger, so what they hold is known.
 */
export function prettyLine(line: string): string {
  const { time, level, msg, ...data } = JSON.parse(line) as { time: string; level: string; msg?: string };
  const fields = Object.entries<unknown>(data);
  const head = [dim(time.slice(11, 23)), levelText(level), msg ?? ''];
  const shown = fields.filter(([, value]) => !isBlock(value));
  const below = fields.flatMap(([, value]) =>
    isBlock(value) ? indented(value) : isLoggedError(value) ? traceOf(value) : [],
  );
  return [
    [...head, ...shown.map(([key, value]) => dim(`${key}=${fieldText(value)}`))].join(' '),
    ...below,
    '',
  ].join('\n');
}

/** In color where standard error is a terminal that has some, and NO_COLOR does not forbid it. */
const dim = (text: string): string => styleText('dim', text, { stream: process.stderr });

function levelText(level: string): string {
  const text = level.toUpperCase().padEnd(5);
  const color = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : null;
  return color === null ? text : styleText(color, text, { stream: process.stderr });
}

const isBlock = (value: unknown): value is string =>
  typeof value === 'string' && value.trimEnd().includes('\n');

const indented = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`);

function fieldText(value: unknown): string {
  if (isLoggedError(value)) return typeof value.code === 'string' ? value.code : value.type;
  return typeof value === 'string' && /^[^\s"=]+$/u.test(value) ? value : JSON.stringify(value);
}

function traceOf(error: LoggedError): readonly string[] {
  // A thrown text, such as a trace from Python, speaks for itself.
  const own = error.stack ?? (error.type === 'string' ? error.message : `${error.type}: ${error.message}`);
  const causes = [...(error.cause === undefined ? [] : [error.cause]), ...(error.errors ?? [])];
  return [...indented(own), ...causes.flatMap(traceOf).map((line) => `  ${line}`)];
}

function isLoggedError(value: unknown): value is LoggedError {
  return typeof value === 'object' && value !== null && 'type' in value && 'message' in value;
}
