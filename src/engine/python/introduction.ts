import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

import type { Clock } from '../../util/clock.ts';
import type { Hub } from './hub.ts';
import type { Output } from './output.ts';

/** Waits for a process that is being started to say hello; what it prints goes to `output` from then on. */
export class Introduction {
  readonly key = randomUUID();
  readonly #hello: Promise<Socket>;
  readonly #stop: () => void;

  constructor(hub: Hub, output: Output) {
    const { promise, resolve } = Promise.withResolvers<Socket>();
    const { promise: heard, resolve: hear } = Promise.withResolvers<undefined>();
    this.#hello = promise;
    this.#stop = hub.expect(this.key, (socket, { role }) => {
      if (role === 'zygote') resolve(socket);
      // A worker whose output nobody took would break at its first print.
      else if (role === 'worker') resolve(heard.then(() => socket));
      else {
        output.read(socket);
        hear(undefined);
      }
    });
  }

  /** The socket; null when the process ended first, or after `ms`. Rejects with the signal's reason. */
  async socket(ms: number, clock: Clock, ended: Promise<unknown>, signal: AbortSignal): Promise<Socket | null> {
    const { promise: over, resolve: end, reject } = Promise.withResolvers<null>();
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      end(null);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([this.#hello, over, ended.then(() => null)]);
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
      this.#stop();
    }
  }
}
