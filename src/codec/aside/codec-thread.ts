import { Worker } from 'node:worker_threads';
import type { Signature } from '../../contract/signature.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { columnDtype } from '../../payload/dtypes.ts';
import type { Payload } from '../../payload/payload.ts';
import { sealedBytes } from '../../payload/sealed.ts';
import type { Clock } from '../../util/clock.ts';
import type { Codec, DecodedRequest, EncodedRequest, Finished } from '../codec.ts';
import { asksForArrow, isArrow } from '../accept.ts';
import type { ServeCodecOptions } from '../serve.ts';
import type { Question, ReadQuestion, Reply, WriteQuestion } from './messages.ts';
import { memoryOf, sealPayload } from './sealed-payload.ts';
import { openRequest } from './sealed-request.ts';

export interface CodecThreadOptions extends ServeCodecOptions {
  readonly clock: Clock;
  /**
   * Bodies of so many bytes are read by the thread, of nested cells a quarter, and so are answers of such cells written.
   * Default: 1 MiB, which takes some ten milliseconds.
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

type Waiting = (reply: Reply | null) => void;
type Protocol = Question['protocol'];

// From `src` Node strips the types itself; `dist` has JavaScript.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const entry = new URL(`./thread-entry.${extension}`, import.meta.url);

/**
 * Reads large bodies in a thread beside the event loop, so that other callers do not wait for them, and writes large
 * answers there whose cells nobody has looked at. The thread starts with the first of them. When it is lost, what it had
 * is read and written here.
 */
export class CodecThread {
  readonly #options: CodecThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | null = null;
  #cancelIdle: () => void = () => undefined;
  #questions = 0;

  constructor(options: CodecThreadOptions) {
    this.#options = options;
  }

  /** The codec with its large bodies read, and its large answers written, by the thread. */
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
      finish: (answers, request, signature, conform) => {
        const [answer, ...others] = answers;
        const [part] = request.parts;
        if (answer === undefined || others.length > 0 || part === undefined) return null;
        if (sealedBytes(answer) < fromBytes / 4 || !isPlain(request.memo)) return null;
        return this.#finish(name, answer, request, signature, conform);
      },
    };
  }

  /** Ends the thread; what waits for it is read and written here. */
  async close(): Promise<void> {
    this.#cancelIdle();
    await this.#thread?.terminate();
  }

  async #decode(
    codec: Codec,
    protocol: Protocol,
    request: EncodedRequest,
    signature: Signature | null,
  ): Promise<DecodedRequest> {
    const { contentType, query } = request;
    // Of its own, to be handed over: the request's is still needed where the thread cannot read it.
    const body = new Uint8Array(request.body);
    const question = { kind: 'read', body, contentType, query: query.toString() } as const;
    const reply = await this.#ask(protocol, question, signature, memoryOf([body]));
    return reply?.kind === 'read' ? openRequest(reply.request, signature) : codec.decode(request, signature);
  }

  async #finish(
    protocol: Protocol,
    answer: Payload,
    { parts, rows, memo }: DecodedRequest,
    signature: Signature | null,
    conform: boolean,
  ): Promise<Finished | null> {
    const positions = parts[0]?.positions ?? null;
    const question = { kind: 'write', answer: sealPayload(answer), positions, rows, memo, conform } as const;
    // Copied: the cells are in the frame that the answer came in, with others.
    const reply = await this.#ask(protocol, question, signature, []);
    return reply?.kind === 'written' ? reply : null;
  }

  /** Null where the thread was lost. Errors: what it found. */
  async #ask(
    protocol: Protocol,
    question: ReadQuestion | WriteQuestion,
    signature: Signature | null,
    memory: readonly ArrayBuffer[],
  ): Promise<Exclude<Reply, { readonly kind: 'failed' }> | null> {
    const { promise, resolve } = Promise.withResolvers<Reply | null>();
    const id = ++this.#questions;
    this.#waiting.set(id, resolve);
    this.#cancelIdle();
    const thread = (this.#thread ??= this.#start());
    thread.ref();
    thread.postMessage({ id, protocol, signature, ...question } satisfies Question, memory);
    const reply = await promise;
    if (reply?.kind === 'failed') throw new CountersignError(reply.code, reply.message, reply.facts);
    return reply;
  }

  #start(): Worker {
    const { unknownFields } = this.#options;
    const thread = new Worker(entry, {
      name: 'codec',
      workerData: { unknownFields } satisfies ServeCodecOptions,
    });
    thread.on('message', (reply: Reply) => {
      this.#settle(reply.id, reply);
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

  #settle(id: number, reply: Reply | null): void {
    this.#waiting.get(id)?.(reply);
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

/** What a message can have: a library of Arrow is none. */
function isPlain(memo: unknown): boolean {
  if (typeof memo !== 'object' || memo === null) return true;
  return Object.values(memo).every((value) => typeof value !== 'object' && typeof value !== 'function');
}
