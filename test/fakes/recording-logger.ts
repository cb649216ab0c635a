import type { Logger } from '../../src/telemetry/logger.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines; those of its children too, with their bindings. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #bindings: object;

  constructor(lines: LogLine[] = [], bindings: object = {}) {
    this.lines = lines;
    this.#bindings = bindings;
  }

  debug(data: object, message: string): void {
    this.#keep('debug', data, message);
  }

  info(data: object, message: string): void {
    this.#keep('info', data, message);
  }

  warn(data: object, message: string): void {
    this.#keep('warn', data, message);
  }

  error(data: object, message: string): void {
    this.#keep('error', data, message);
  }

  child(bindings: object): Logger {
    return new RecordingLogger(this.lines, { ...this.#bindings, ...bindings });
  }

  #keep(level: LogLine['level'], data: object, message: string): void {
    this.lines.push({ level, message, data: { ...this.#bindings, ...data } });
  }
}
