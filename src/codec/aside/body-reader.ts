import { Worker } from 'node:worker_threads';
import type { Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { columnDtype } from '../../payload/dtypes.ts';
import type { Clock } from '../../util/clock.ts';
import type { Codec, DecodedRequest, EncodedRequest } from '../codec.ts';
import { asksForArrow, isArrow } from '../accept.ts';
import type { ServeCodecOptions } from '../serve.ts';
import type { ReadAnswer, ReadQuestion } from './messages.ts';
import { openRequest } from './sealed-request.ts';

export interface BodyReaderOptions extends ServeCodecOptions {
  readonly clock: Clock;
  /**
   * Bodies of so many bytes are read by the thread, of nested cells a quarter. Default: 1 MiB, which takes some ten
   * milliseconds.
   */
  readonly fromBytes?: number;
  /** The thread ends when nobody needed it for so long. Default: a minute. */
  readonly idleMs?: number;
}

/** Cells that take several times as long to read as numbers and text of as many bytes. */
function isNested(signature: Signature | null): boolean {
  const inputs = signature?.inputs ?? null;
  if (inputs === null) return true;
  return inputs.kind === 'columns' && inputs.columns.some(({ type }) => columnDtype(type.kind) === 'object');
}

type Waiting = (answer: ReadAnswer | null) => void;

// From `src` Node strips the types itself; `dist` has JavaScript.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const entry = new URL(`./reader-entry.${extension}`, import.meta.url);

/**
 * Reads large bodies in a thread beside the event loop, so that other callers do not wait for them. The thread starts
 * with the first of them. When it is lost, what it had is read here.
 */
export class BodyReader {
  readonly #options: BodyReaderOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | null = null;
  #cancelIdle: () => void = () => undefined;
  #questions = 0;

  constructor(options: BodyReaderOptions) {
    this.#options = options;
  }

  /** The codec with its large bodies read by the thread. */
  wrap(codec: Codec): Codec {
    const { fromBytes = 1024 * 1024 } = this.#options;
    const { name } = codec;
    // Rows come from a composed model, and are no bytes.
    if (name === 'rows') return codec;
    return {
      ...codec,
      decode: (request, signature) => {
        const { byteLength } = request.body;
        const isLarge = byteLength >= fromBytes || (byteLength >= fromBytes / 4 && isNested(signature));
        // Arrow's cells are where they should be already.
        if (!isLarge || isArrow(request.contentType) || asksForArrow(request.accept))
          return codec.decode(request, signature);
        return this.#decode(codec, name, request, signature);
      },
    };
  }

  /** Ends the thread; what waits for it is read here. */
  async close(): Promise<void> {
    this.#cancelIdle();
    await this.#thread?.terminate();
  }

  async #decode(
    codec: Codec,
    protocol: ReadQuestion['protocol'],
    request: EncodedRequest,
    signature: Signature | null,
  ): Promise<DecodedRequest> {
    const answer = await this.#ask(protocol, request, signature);
    if (answer === null) return codec.decode(request, signature);
    if (answer.kind === 'failed') throw new CountersignError(answer.code, answer.message, answer.facts);
    return openRequest(answer.request, signature);
  }

  #ask(
    protocol: ReadQuestion['protocol'],
    { body, contentType, query }: EncodedRequest,
    signature: Signature | null,
  ): Promise<ReadAnswer | null> {
    const { promise, resolve } = Promise.withResolvers<ReadAnswer | null>();
    const id = ++this.#questions;
    this.#waiting.set(id, resolve);
    this.#cancelIdle();
    const thread = (this.#thread ??= this.#start());
    thread.ref();
    // Of its own, to be handed over: the request's is still needed where the answer cannot be.
    const copy = new Uint8Array(body);
    const question = { id, protocol, body: copy, contentType, query: query.toString(), signature };
    thread.postMessage(question satisfies ReadQuestion, [copy.buffer]);
    return promise;
  }

  #start(): Worker {
    const { unknownFields } = this.#options;
    const thread = new Worker(entry, {
      name: 'reader',
      workerData: { unknownFields } satisfies ServeCodecOptions,
    });
    thread.on('message', (answer: ReadAnswer) => {
      this.#settle(answer.id, answer);
    });
    const lost = (): void => {
      if (this.#thread !== thread) return;
      this.#thread = null;
      for (const id of [...this.#waiting.keys()]) this.#settle(id, null);
    };
    thread.on('error', lost);
    thread.on('exit', lost);
    return thread;
  }

  #settle(id: number, answer: ReadAnswer | null): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#thread?.unref();
    const { clock, idleMs = 60_000 } = this.#options;
    this.#cancelIdle = clock.after(idleMs, () => {
      const thread = this.#thread;
      this.#thread = null;
      void thread?.terminate();
    });
  }
}
