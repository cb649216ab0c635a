import type {
  Engine,
  EngineName,
  Invoke,
  Loadable,
  Loader,
  PredictCall,
  RawAnswer,
  RawCall,
  Servable,
} from '../../src/engine/engine.ts';
import { leftError } from '../../src/engine/leaving.ts';
import type { Caller } from '../../src/util/caller.ts';
import type { Nested, Payload } from '../../src/payload/payload.ts';
import type { Artifact, VersionMetadata, VersionRef } from '../../src/registry/registry.ts';

/** What one version does when it is loaded and asked; a test changes it at any time. */
export class FakePlan {
  /** Loads that began and servables that were unloaded, ever. */
  loads = 0;
  unloads = 0;
  /** Sentences that the load reports before it waits. */
  progress: readonly string[] = [];
  /** The artifact of the last loader; null when there was none. */
  directory: string | null = null;
  /** Items of `predictStream`; null: the model has none. */
  stream: ((call: PredictCall) => Iterable<Nested>) | null = null;
  /** The answer to a request that only MLflow reads; null: there is no MLflow beside the model. */
  invoke: ((call: RawCall) => RawAnswer | Promise<RawAnswer>) | null = null;
  memoryBytes: number | null = null;
  executors = 1;
  onEventLoop = false;
  /** The answer to a predict; echoes the input unless a test says otherwise. */
  answer: (call: PredictCall) => Payload | Promise<Payload> = (call) => call.input;
  /** What an unload waits for. */
  beforeUnload: () => Promise<void> = () => Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #gate: PromiseWithResolvers<void> | null = null;

  /** From now on a load waits until `letGo`. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  letGo(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** From now on a load, held ones too, ends with this error; without one, with a plain one that says a secret. */
  fail(error: unknown = new Error('/secret/path is broken')): void {
    this.#failure = { error };
  }

  heal(): void {
    this.#failure = null;
  }

  /** @internal */
  async bringUp(signal: AbortSignal): Promise<void> {
    this.loads++;
    if (this.#gate !== null) await abortable(this.#gate.promise, signal);
    if (this.#failure !== null) throw this.#failure.error;
  }
}

/** An engine without models: its servables answer what their plan says, and it counts what is alive. */
export class FakeEngine implements Engine {
  readonly name: EngineName;
  /** What happened, in order: `load m/1`, `loaded m/1`, `unload m/1`. */
  readonly events: string[] = [];
  /** What nobody may do to an engine, such as unloading under a request; empty at the end of a good test. */
  readonly misuses: string[] = [];
  /** Those that are loaded and not unloaded. */
  readonly servables = new Set<FakeServable>();
  /** Two servables of one version at once are no misuse: it was renewed. */
  allowsTwins = false;
  /** What `canLoad` says. */
  loadable: (metadata: VersionMetadata) => Loadable = () => ({ ok: true });
  closed = false;
  readonly #plans = new Map<string, FakePlan>();

  constructor(name: EngineName = 'python') {
    this.name = name;
  }

  plan(ref: VersionRef): FakePlan {
    const name = nameOf(ref);
    const plan = this.#plans.get(name) ?? new FakePlan();
    this.#plans.set(name, plan);
    return plan;
  }

  /** Of which versions there are servables, as `model/version`. */
  get live(): Set<string> {
    return new Set([...this.servables].map(({ name }) => name));
  }

  canLoad(metadata: VersionMetadata): Loadable {
    return this.loadable(metadata);
  }

  loader(metadata: VersionMetadata, artifact: Artifact): Loader {
    this.plan(metadata).directory = artifact.directory;
    return this.loaderFor(metadata);
  }

  /** A loader without a registry, for tests of the manager alone; may be passed on as a function. */
  readonly loaderFor = (ref: VersionRef): Loader => new FakeLoader(this, ref);

  close(): Promise<void> {
    this.closed = true;
    if (this.live.size > 0) this.misuses.push(`closed with ${[...this.live].join(', ')} loaded`);
    return Promise.resolve();
  }
}

export class FakeLoader implements Loader {
  readonly #engine: FakeEngine;
  readonly #ref: VersionRef;

  constructor(engine: FakeEngine, ref: VersionRef) {
    this.#engine = engine;
    this.#ref = ref;
  }

  async load(signal: AbortSignal, progress: (sentence: string) => void): Promise<Servable> {
    const name = nameOf(this.#ref);
    const plan = this.#engine.plan(this.#ref);
    this.#engine.events.push(`load ${name}`);
    plan.progress.forEach(progress);
    await plan.bringUp(signal);
    if (!this.#engine.allowsTwins && this.#engine.live.has(name))
      this.#engine.misuses.push(`${name} loaded twice`);
    this.#engine.events.push(`loaded ${name}`);
    const servable = new FakeServable(this.#engine, name, plan);
    this.#engine.servables.add(servable);
    return servable;
  }
}

export class FakeServable implements Servable {
  readonly engine: EngineName;
  readonly executors: number;
  readonly onEventLoop: boolean;
  readonly streams: boolean;
  readonly detail: string;
  readonly memoryBytes: number | null;
  readonly invoke?: Invoke;
  readonly name: string;
  readonly #owner: FakeEngine;
  readonly #plan: FakePlan;
  #running = 0;

  constructor(owner: FakeEngine, name: string, plan: FakePlan) {
    this.#owner = owner;
    this.name = name;
    this.#plan = plan;
    this.engine = owner.name;
    this.executors = plan.executors;
    this.onEventLoop = plan.onEventLoop;
    this.streams = plan.stream !== null;
    this.detail = `a fake of ${name}`;
    this.memoryBytes = plan.memoryBytes;
    const { invoke } = plan;
    if (invoke !== null) this.invoke = (call, { signal }) => this.#run(() => invoke(call), signal);
  }

  predict(call: PredictCall, { signal }: Caller): Promise<Payload> {
    return this.#run(() => this.#plan.answer(call), signal);
  }

  async #run<Answer>(answer: () => Answer | Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    this.#mustLive();
    this.#running++;
    try {
      return await abortable(Promise.resolve(answer()), signal);
    } catch (thrown) {
      throw signal.aborted ? leftError(signal.reason, 0) : thrown;
    } finally {
      this.#running--;
    }
  }

  async *predictStream(call: PredictCall, { signal }: Caller): AsyncIterable<Nested> {
    this.#mustLive();
    this.#running++;
    try {
      for (const item of this.#plan.stream?.(call) ?? []) {
        await Promise.resolve();
        if (signal.aborted) throw leftError(signal.reason, 0);
        yield item;
      }
    } finally {
      this.#running--;
    }
  }

  async unload(): Promise<void> {
    if (this.#running > 0) this.#owner.misuses.push(`${this.name} unloaded under a request`);
    await this.#plan.beforeUnload();
    if (!this.#owner.servables.delete(this)) return;
    this.#plan.unloads++;
    this.#owner.events.push(`unload ${this.name}`);
  }

  #mustLive(): void {
    if (!this.#owner.servables.has(this)) this.#owner.misuses.push(`${this.name} asked after unload`);
  }
}

const nameOf = (ref: VersionRef): string => `${ref.model}/${ref.version}`;

/** The promise's result, or the signal's reason as soon as it aborts. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(signal.reason);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => {
    signal.removeEventListener('abort', onAbort);
  });
}
