import type { Socket } from 'node:net';

import { FrameReader } from '../../frames/frame.ts';
import { LayoutReader, LayoutWriter } from '../../frames/layout.ts';
import { type GatewayMessage, type HostMessage, packMessage, unpackMessage } from '../../frames/message.ts';

type WithoutId<Message> = Message extends { readonly id: number } ? Omit<Message, 'id'> : never;
/** A message before it has its number. */
export type Request = WithoutId<GatewayMessage>;

/**
 * Questions and answers with one host process. A host answers each message once; which one may be asked
 * while another waits is the business of whoever asks.
 */
export class Connection {
  /** Resolves when the other side is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #said = new LayoutWriter();
  readonly #heard = new LayoutReader();
  readonly #waiting = new Map<number, (answer: HostMessage | null) => void>();
  readonly #onEvent: (message: HostMessage) => void;
  #lastId = 0;
  #open = true;

  /** `onEvent` gets what nobody asked for. */
  constructor(socket: Socket, onEvent: (message: HostMessage) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lose();
        resolve();
      });
    });
    socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    socket.resume();
  }

  /** The host's answer; null when it died before it answered. Errors: BODY_TOO_LARGE. */
  ask(request: Request): Promise<HostMessage | null> {
    if (!this.#open) return Promise.resolve(null);
    const id = ++this.#lastId;
    const pieces = packMessage({ ...request, id }, this.#said);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    });
  }

  /** Tells the host to end; it does so between two requests. */
  end(): void {
    this.#open = false;
    this.#socket.end();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#deliver(unpackMessage(frame, this.#heard));
    } catch (error) {
      // Out of step for good: whoever waits is told that the host is lost.
      this.#socket.destroy(error instanceof Error ? error : undefined);
    }
  }

  #deliver(message: HostMessage): void {
    const id = 'id' in message ? message.id : null;
    const resolve = id === null ? undefined : this.#waiting.get(id);
    if (id === null || resolve === undefined) {
      this.#onEvent(message);
      return;
    }
    this.#waiting.delete(id);
    resolve(message);
  }

  #lose(): void {
    this.#open = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(null);
  }
}
