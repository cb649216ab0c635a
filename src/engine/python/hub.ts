import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { unpackFrame } from '../../frames/frame.ts';
import { LayoutReader } from '../../frames/layout.ts';
import { type HelloMessage, protocolVersion, unpackMessage } from '../../frames/message.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Where the kernel cuts the path of a Unix socket. */
const maxSocketPath = 100;

type OnHello = (socket: Socket, hello: HelloMessage) => void;

/**
 * The Unix socket that every host process of this gateway connects to. A process says hello with the key that
 * it was started with, once for its questions and once for what it prints.
 */
export class Hub {
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #expected = new Map<string, OnHello>();
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, server: Server) {
    this.#directory = directory;
    this.#server = server;
    this.path = join(directory, 'host');
  }

  /** `runtimeDir` is used where it is short enough for a socket, else the system's temporary directory. */
  static async open(runtimeDir: string, logger: Logger): Promise<Hub> {
    const short = join(runtimeDir, 'py-XXXXXX', 'host').length <= maxSocketPath;
    // Made for this user alone: whoever can connect could answer in a model's name.
    const directory = await mkdtemp(join(short ? runtimeDir : tmpdir(), 'py-'));
    const server = createServer({ pauseOnConnect: false });
    const hub = new Hub(directory, server);
    server.on('connection', (socket) => {
      hub.#accept(socket, logger);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(hub.path, resolve);
    });
    server.unref();
    return hub;
  }

  /** Calls back for each hello with this key; returns the way to stop expecting. */
  expect(key: string, onHello: OnHello): () => void {
    this.#expected.set(key, onHello);
    return () => this.#expected.delete(key);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  #accept(socket: Socket, logger: Logger): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A process that is killed resets its connection: `close` follows, and says all that matters.
    socket.on('error', (error) => {
      logger.debug({ err: error }, 'connection of a host process failed');
    });
    readHello(socket).then(
      (hello) => {
        this.#welcome(socket, hello, logger);
      },
      (error: unknown) => {
        logger.warn({ err: error }, 'something that is no host process connected');
        socket.destroy();
      },
    );
  }

  #welcome(socket: Socket, hello: HelloMessage, logger: Logger): void {
    const onHello = this.#expected.get(hello.key);
    if (onHello !== undefined && hello.version === protocolVersion) {
      onHello(socket, hello);
      return;
    }
    logger.warn({ version: hello.version, role: hello.role }, 'a host process that nobody waits for connected');
    socket.destroy();
  }
}

/** Reads exactly the first frame, and leaves what follows in the paused socket. */
async function readHello(socket: Socket): Promise<HelloMessage> {
  const prefix = await readExactly(socket, 8);
  const body = await readExactly(socket, prefix.readUInt32LE(0));
  const message = unpackMessage(unpackFrame(body, prefix.readUInt32LE(4)), new LayoutReader());
  if (message.type !== 'hello') return Promise.reject(new TypeError('its first frame is no hello'));
  return message;
}

function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.off('readable', attempt);
      socket.off('close', onClose);
    };
    const onClose = (): void => {
      stop();
      reject(new TypeError('it closed before its hello'));
    };
    const attempt = (): void => {
      const chunk: unknown = socket.read(bytes);
      if (!Buffer.isBuffer(chunk) || chunk.byteLength < bytes) return;
      stop();
      resolve(chunk);
    };
    socket.on('readable', attempt);
    socket.once('close', onClose);
    attempt();
  });
}
