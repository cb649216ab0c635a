import { pino, stdTimeFunctions } from 'pino';
import { systemClock } from '../util/clock.ts';
import { GatheredLines, type LogDestination } from './gathered-lines.ts';
import type { Logger } from './logger.ts';
import { prettyLine } from './pretty-line.ts';
import { serializeError } from './serialize-error.ts';

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json`: one object a line. `pretty`: for people. Default: pretty on a terminal, else json. */
  readonly format?: 'json' | 'pretty';
  /** Default standard error, since standard output belongs to the answer of a command. */
  readonly destination?: LogDestination;
}

/** A logger over pino. Fields that hold an error, under any name, are written with trace and causes. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = process.stderr.isTTY ? 'pretty' : 'json' } = options;
  const lines = options.destination ?? standardError(format);
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      // Pino's own serializer of `err` would write every field of an error.
      serializers: { err: plain },
      formatters: { level: (label) => ({ level: label }), log: withErrors },
    },
    format === 'json' ? lines : { write: (line: string) => lines.write(prettyLine(line)) },
  );
}

/** For a person each line at once; for a machine gathered, and what is left when the process exits. */
function standardError(format: 'json' | 'pretty'): LogDestination {
  if (format === 'pretty') return process.stderr;
  const lines = new GatheredLines(process.stderr, systemClock);
  process.once('exit', () => {
    lines.flush();
  });
  return lines;
}

function withErrors(data: Record<string, unknown>): Record<string, unknown> {
  return Object.values(data).some((value) => value instanceof Error)
    ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plain(value)]))
    : data;
}

const plain = (value: unknown): unknown => (value instanceof Error ? serializeError(value) : value);
