import type { RayApplication } from './instance.ts';
import { Replica } from './replica.ts';
import { parseNote, type ReplicaNote } from './replica-note.ts';
import type { WayInUse } from './way.ts';

/** The replicas of one application, as the cluster names them and as they tell of themselves. */
export class Replicas {
  readonly application: string;
  #there: RayApplication | null = null;
  #callable = new Map<string, Replica>();
  /** Of all that answered, also through Ray's proxy. */
  readonly #notes = new Map<string, { readonly text: string; readonly note: ReplicaNote }>();

  constructor(application: string) {
    this.application = application;
  }

  /** Those that can be called by themselves. */
  get up(): readonly Replica[] {
    return [...this.#callable.values()].filter(({ down }) => down === null);
  }

  get notes(): readonly ReplicaNote[] {
    return [...this.#notes.values()].map(({ note }) => note);
  }

  get running(): number {
    return this.#there?.runningReplicas ?? 0;
  }

  get inFlight(): number {
    return [...this.#callable.values()].reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /** Takes over what was read, and finds out of each that is new or was down whether it can be called. */
  async update(there: RayApplication | null): Promise<void> {
    this.#there = there;
    // A controller that was started again knows of nothing at first: those that answer are kept.
    if ((there?.replicaIds.length ?? 0) === 0 && this.#callable.size > 0) return this.#keepAnswering();
    const targets = new Map(there?.targets.map((target) => [target.id, target]));
    for (const replica of this.#callable.values()) {
      const target = targets.get(replica.id);
      if (target?.origin === replica.target.origin) continue;
      const isThere = there?.replicaIds.includes(replica.id) === true;
      // No target for a moment: while Ray tells it of a version, or a new controller finds it again.
      if (target === undefined && isThere && !there.stoppingIds.includes(replica.id)) continue;
      this.#callable.delete(replica.id);
      void (isThere ? replica.retire() : replica.destroy()).catch(() => undefined);
    }
    for (const [id, target] of targets)
      if (!this.#callable.has(id)) this.#callable.set(id, new Replica(target));
    for (const id of this.#notes.keys()) if (there?.replicaIds.includes(id) !== true) this.#notes.delete(id);
    await this.#probe([...this.#callable.values()].filter(({ down }) => down !== null));
  }

  /** Asks each that can be called what it has. */
  look(): Promise<void> {
    return this.#probe([...this.#callable.values()]);
  }

  /** What a replica says of itself on an answer. Returns its id, null when it said nothing. */
  noted(text: string): string | null {
    const id = text.slice(0, text.indexOf(';'));
    const known = this.#notes.get(id);
    if (known?.text === text) return id;
    const note = parseNote(text);
    if (note === null) return null;
    if (known !== undefined && known.note.changes > note.changes) return id;
    this.#notes.set(id, { text, note });
    const replica = this.#callable.get(id);
    if (replica !== undefined) replica.note = note;
    return id;
  }

  get way(): WayInUse {
    const all = [...this.#callable.values()];
    const down = all.map((replica) => replica.down).filter((why) => why !== null);
    const up = all.length - down.length;
    const why = [...new Set(down)].join(', ');
    if (up === 0) {
      const reason = all.length > 0 ? why : this.#whyNone();
      return { way: 'proxy', sentence: `through Ray's proxy: ${reason}` };
    }
    const replicas = `${String(all.length)} replica${all.length === 1 ? '' : 's'}`;
    if (down.length === 0) return { way: 'direct', sentence: `directly to ${replicas}` };
    return { way: 'direct', sentence: `directly to ${String(up)} of ${replicas} (${why})` };
  }

  #whyNone(): string {
    if (this.running === 0) return 'no replica is running';
    return 'the cluster does not expose replicas (RAY_SERVE_ENABLE_DIRECT_INGRESS=1 does)';
  }

  async close(): Promise<void> {
    await Promise.all([...this.#callable.values()].map((replica) => replica.destroy()));
    this.#callable = new Map();
  }

  async #keepAnswering(): Promise<void> {
    await Promise.all(
      [...this.#callable.values()].map(async (replica) => {
        if ((await replica.probe(this.application)) !== null) return;
        this.#callable.delete(replica.id);
        this.#notes.delete(replica.id);
        void replica.destroy().catch(() => undefined);
      }),
    );
  }

  async #probe(replicas: readonly Replica[]): Promise<void> {
    await Promise.all(
      replicas.map(async (replica) => {
        const note = await replica.probe(this.application);
        if (note !== null) this.noted(note);
      }),
    );
  }
}
