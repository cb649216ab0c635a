import { Pool } from 'undici';

import { reasonOf } from '../../util/unknown.ts';
import type { Candidate } from './choose-replica.ts';
import { refusalOf } from './exchange.ts';
import type { Target } from './instance.ts';
import { noteHeader, noVersion, parseNote, type ReplicaNote } from './replica-note.ts';

/** Within a cluster; a node that is gone does not even refuse. */
const connectTimeoutMs = 2_000;
const probeTimeoutMs = 2_000;

/** What we know of a replica that can be called by itself, and what we have there. */
export class Replica {
  readonly target: Target;
  /** Its connections. The deadline of a request is its caller's, said by the signal. */
  readonly pool: Pool;
  note: ReplicaNote | null = null;
  #down: string | null = 'it was not tried yet';
  #inFlight = 0;
  readonly #waiting = new Map<string, number>();

  constructor(target: Target) {
    this.target = target;
    this.pool = new Pool(target.origin, {
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: 30_000,
    });
  }

  get id(): string {
    return this.target.id;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Why it cannot be called; null when it can. */
  get down(): string | null {
    return this.#down;
  }

  /** `why` goes on from its address. */
  failed(why: string): void {
    this.#down = `${new URL(this.target.origin).host} ${why}`;
  }

  /** How it stands with one version. What we sent there is there, whatever an older note says. */
  candidate(key: string): Candidate {
    const { note } = this;
    const waiting = this.#waiting.get(key) ?? 0;
    let free = (note?.room ?? 1) - (note?.has.size ?? 0);
    for (const coming of this.#waiting.keys())
      if (coming !== noVersion && note?.has.has(coming) !== true) free -= 1;
    return {
      id: this.id,
      has: note?.has.get(key) ?? (waiting > 0 && key !== noVersion ? 'coming' : null),
      waiting,
      inFlight: this.#inFlight,
      free,
    };
  }

  /** A request goes there; call the result when it ended. */
  begin(key: string): () => void {
    this.#inFlight += 1;
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    return () => {
      this.#inFlight -= 1;
      const left = (this.#waiting.get(key) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(key);
      else this.#waiting.set(key, left);
    };
  }

  /** Asks it what it has. Returns its note; null when it cannot be called. */
  async probe(application: string): Promise<string | null> {
    try {
      const { statusCode, headers, body } = await this.pool.request({
        origin: this.target.origin,
        path: this.path(application, 'status'),
        method: 'GET',
        headersTimeout: probeTimeoutMs,
        bodyTimeout: probeTimeoutMs,
      });
      await body.dump();
      const note = headers[noteHeader];
      const id = typeof note === 'string' ? parseNote(note)?.id : undefined;
      if (statusCode === 200 && typeof note === 'string' && id === this.id) {
        this.#down = null;
        return note;
      }
      this.failed(`answers as ${id === undefined ? String(statusCode) : 'another replica'}`);
    } catch (thrown) {
      this.failed(refusalOf(thrown) ?? `does not answer (${reasonOf(thrown)})`);
    }
    return null;
  }

  path(application: string, what: string): string {
    return `${this.target.rootPath}/${application}/${what}`;
  }

  /** It is gone for good: what is in flight there is lost. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  /** It takes nothing new; what is in flight there is answered. */
  async retire(): Promise<void> {
    await this.pool.close();
  }
}
