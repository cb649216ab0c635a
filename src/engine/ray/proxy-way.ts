import { Agent } from 'undici';

import { countersignError } from '../../errors/countersign-error.ts';
import { exchange, type Exchanged } from './exchange.ts';
import { hostPart, type ServeInstance } from './instance.ts';
import type { Asking, Outcome, Question } from './way.ts';

const connectTimeoutMs = 5_000;

type Broken = Extract<Exchanged, { type: 'broken' }>;

/** Through the HTTP proxies that Ray runs on its nodes: the next one where one refuses. */
export class ProxyWay {
  /** The host of the dashboard. */
  readonly #head: string;
  // The deadline is the caller's, said by the signal.
  readonly #agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: 30_000,
  });
  /** Answered last: asked first. */
  #proven: string | null = null;
  /** Broke off last: asked last. */
  #broken: string | null = null;

  constructor(head: string) {
    this.#head = head;
  }

  /** Null when none of them takes requests; `broken` is a proxy that died over it. Errors: those of `Way`. */
  async ask(question: Question, instance: ServeInstance, asking: Asking): Promise<Outcome | Broken | null> {
    for (const origin of this.#origins(instance)) {
      const outcome = await this.#askOne(origin, question, asking);
      if (outcome === 'refused') continue;
      if (outcome.type === 'broken') this.#broken = origin;
      else this.#proven = origin;
      return outcome;
    }
    return null;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #askOne(
    origin: string,
    { application, what, uri, requestId, frame, model }: Question,
    { signal, left, noted }: Asking,
  ): Promise<Outcome | Broken | 'refused'> {
    const { origin: host, pathname } = new URL(origin);
    const path = `${pathname === '/' ? '' : pathname}/${application}/${what}`;
    const to = { dispatcher: this.#agent, origin: host, path };
    const reply = await exchange({ ...to, uri, requestId, frame, signal, left });
    switch (reply.type) {
      case 'refused':
        return 'refused';
      case 'missing':
        return { type: 'gone' };
      case 'busy': {
        const { retryAfterSeconds, text } = reply;
        throw countersignError('RAY_BUSY', model).with({ retryAfterSeconds, cause: text });
      }
      case 'messages':
        if (origin === this.#broken) this.#broken = null;
        return { ...reply, by: noted(reply.note) };
      case 'broken':
        return reply;
      case 'lost':
        return { ...reply, by: null };
    }
  }

  #origins({ http, proxies }: ServeInstance): readonly string[] {
    const { port, rootPath } = http ?? { port: 8000, rootPath: '' };
    // The head as we were told to reach it comes last: nodes know their own addresses better, where we can reach them.
    const hosts = [...new Set([...proxies, this.#head])];
    const origins = hosts.map((host) => `http://${hostPart(host)}:${String(port)}${rootPath}`);
    const rank = (origin: string): number => (origin === this.#broken ? 1 : origin === this.#proven ? -1 : 0);
    return origins.toSorted((a, b) => rank(a) - rank(b));
  }
}
