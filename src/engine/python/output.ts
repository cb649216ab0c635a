import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import type { Logger } from '../../telemetry/logger.ts';

const keptLines = 20;
/** A line longer than this is logged in pieces, so that a process without newlines cannot fill the memory. */
const maxLineLength = 16_384;

/** What a host process prints: every line goes to the log, the last few are kept for the story of its death. */
export class Output {
  readonly #logger: Logger;
  readonly #tail: string[] = [];
  /** The request that runs, or ran last. */
  requestId: string | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get lastLines(): readonly string[] {
    return this.#tail;
  }

  read(stream: Readable): void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) this.#line(line);
      for (; rest.length > maxLineLength; rest = rest.slice(maxLineLength)) this.#line(rest.slice(0, maxLineLength));
    });
    stream.once('close', () => {
      this.#line(rest);
    });
    stream.resume();
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    this.#tail.push(line);
    if (this.#tail.length > keptLines) this.#tail.shift();
    const request = this.requestId === null ? {} : { requestId: this.requestId };
    this.#logger.info({ ...request, line }, 'model output');
  }
}
