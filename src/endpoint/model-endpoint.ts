import type { Codec, DecodedRequest, Handover } from '../codec/codec.ts';
import { compareSignatures, isAcceptable } from '../contract/compare.ts';
import type { Comparison, Contract } from '../contract/contract.ts';
import type { Signature } from '../contract/signature.ts';
import type { Servable } from '../engine/engine.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Payload } from '../payload/payload.ts';
import type { Registry, VersionMetadata, VersionRef } from '../registry/registry.ts';
import type { Handle, Manager } from '../serving/manager.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { SingleFlight } from '../util/single-flight.ts';
import { type AnswerPartsOptions, askParts, checkFit, conformParts } from './answer-parts.ts';
import { Deadline } from './deadline.ts';
import { encode } from './encode.ts';
import type {
  CallObserver,
  Endpoint,
  EndpointCall,
  EndpointDescription,
  EndpointTerms,
  EndpointVersion,
} from './endpoint.ts';
import { type Pinned, pinContract } from './pinned-contract.ts';
import type { Selector } from './selector.ts';
import type { EndpointSettings } from './settings.ts';
import { Stages } from './stages.ts';
import { streamItems } from './stream-items.ts';
import { readExample } from './try-example.ts';
import type { Verifications } from './verification.ts';
import type { VersionDirectory } from './version-directory.ts';

export interface ModelEndpointOptions {
  readonly name: string;
  readonly registry: Registry;
  readonly directory: VersionDirectory;
  readonly manager: Manager;
  readonly verifications: Verifications;
  readonly settings: EndpointSettings;
  /** Told once, when the contract is pinned. */
  readonly onPinned: (pinned: Pinned) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A call as far as its protocol does not matter. */
type Asked = Omit<EndpointCall, 'codec' | 'request'>;

/** A request that found its version: all of it from metadata, nothing loaded yet. */
interface Resolved {
  readonly ref: VersionRef;
  readonly metadata: VersionMetadata;
  /** What the request is read under and the answer is written under. */
  readonly signature: Signature | null;
  readonly isDefault: boolean;
}

/** A call under way. */
interface Course {
  readonly resolved: Resolved;
  readonly stages: Stages;
  readonly deadline: Deadline;
}

/** One registered model as an endpoint: many versions behind the contract that its default pins. */
export class ModelEndpoint implements Endpoint {
  readonly name: string;
  readonly #options: ModelEndpointOptions;
  readonly #pinning = new SingleFlight<string, Pinned>();
  readonly #comparisons = new Map<string, Comparison>();
  #pinned: Pinned | null = null;

  constructor(options: ModelEndpointOptions) {
    this.name = options.name;
    this.#options = options;
    const { directory, manager, verifications } = options;
    directory.onOutdated((version) => {
      const ref = { model: this.name, version };
      this.#comparisons.delete(version);
      verifications.forget(ref);
      manager.renew(ref, 'the registry has another under its number, or none');
    });
  }

  async contract(signal: AbortSignal): Promise<Contract> {
    return (await this.pin(signal)).contract;
  }

  /** Pins the contract on first use; a failure is not remembered. */
  async pin(signal: AbortSignal): Promise<Pinned> {
    if (this.#pinned !== null) return this.#pinned;
    signal.throwIfAborted();
    return this.#pinning.run('', async () => {
      const { directory, settings, logger } = this.#options;
      const alone = new AbortController().signal;
      const pinned = await pinContract(this.name, directory, settings, logger, alone);
      this.#pinned = pinned;
      this.#options.onPinned(pinned);
      return pinned;
    });
  }

  async call<Request, Answer>(call: EndpointCall<Request, Answer>, observer: CallObserver): Promise<Answer> {
    const deadline = this.#deadline(call);
    // Here and below no `using`, which costs V8 as much as all else that these functions do (13.6).
    try {
      return await this.#callBefore(deadline, call, observer);
    } finally {
      deadline[Symbol.dispose]();
    }
  }

  async #callBefore<Request, Answer>(
    deadline: Deadline,
    call: EndpointCall<Request, Answer>,
    observer: CallObserver,
  ): Promise<Answer> {
    const stages = new Stages(observer, this.#options.clock);
    const resolving = this.#resolveCall(call, observer, stages, deadline);
    const resolved = resolving instanceof Promise ? await resolving : resolving;
    const course: Course = { resolved, stages, deadline };
    const handover = this.#handOver(call, resolved);
    if (handover !== null) {
      return this.#withHandle(course, ({ servable }) => this.#invoke(servable, handover, call, course));
    }
    const decoded = this.#decode(call, resolved, stages);
    const request = decoded instanceof Promise ? await deadline.race(decoded) : decoded;
    if (request.parts.length === 0) return call.codec.encode([], request, resolved.signature);
    return this.#withHandle(course, ({ servable }) => this.#predict(servable, request, call, course));
  }

  /** Adapt, predict, conform, encode. */
  async #predict<Request, Answer>(
    servable: Servable,
    request: DecodedRequest,
    { codec, requestId }: EndpointCall<Request, Answer>,
    { resolved, stages, deadline }: Course,
  ): Promise<Answer> {
    const asked: AnswerPartsOptions = {
      servable,
      request,
      ref: resolved.ref,
      terms: resolved.signature,
      own: resolved.metadata.signature,
      check: this.#check(resolved, codec.name),
      requestId,
      caller: deadline,
      stages,
      onFit: () => {
        this.#options.verifications.confirm(resolved.ref);
      },
      logger: this.#options.logger,
    };
    let answers: readonly Payload[];
    try {
      answers = await askParts(asked);
    } catch (error) {
      throw codec.failed?.(error, request, resolved.signature) ?? error;
    }
    const written = { codec, answers, request, signature: resolved.signature };
    const finishing = codec.finish?.(answers, request, resolved.signature, asked.check !== 'off') ?? null;
    const finished = finishing === null ? null : await stages.wait('encode', () => deadline.race(finishing));
    if (finished === null)
      return encode({ ...written, answers: conformParts(asked, answers) }, stages, deadline);
    if (asked.check !== 'off') checkFit(asked, finished.misfit);
    return finished.answer;
  }

  /** Has MLflow's own code read and answer it. An engine without any is asked what we read of it ourselves. */
  async #invoke<Request, Answer>(
    servable: Servable,
    { body, contentType, answer }: Handover<Answer>,
    call: EndpointCall<Request, Answer>,
    course: Course,
  ): Promise<Answer> {
    const { resolved, stages, deadline } = course;
    const { invoke } = servable;
    if (invoke === undefined) {
      return this.#predict(servable, await this.#decode(call, resolved, stages), call, course);
    }
    const exact = this.#options.settings.mlflowExact;
    const raw = { body, contentType, exact, requestId: call.requestId };
    return answer(await stages.wait('invoke', () => invoke(raw, deadline)));
  }

  #handOver<Request, Answer>(
    { codec, request }: EndpointCall<Request, Answer>,
    { signature, metadata: version }: Resolved,
  ): Handover<Answer> | null {
    const { mlflowExact } = this.#options.settings;
    return codec.handOver?.(request, { signature, version, mlflowExact }) ?? null;
  }

  async stream(call: EndpointCall, observer: CallObserver): Promise<AsyncIterable<string>> {
    const deadline = this.#deadline(call);
    try {
      const stages = new Stages(observer, this.#options.clock);
      const resolved = await this.#resolveCall(call, observer, stages, deadline);
      const request = await this.#decode(call, resolved, stages);
      const handle = await this.#acquire(resolved.ref, deadline);
      return streamItems({
        handle,
        request,
        resolved: { ...resolved, own: resolved.metadata.signature },
        call,
        deadline,
      });
    } catch (error) {
      deadline[Symbol.dispose]();
      throw error;
    }
  }

  async terms(selector: Selector, terms: EndpointCall['terms'], signal: AbortSignal): Promise<EndpointTerms> {
    const resolved = await this.#resolve(selector, terms, signal);
    const finding = this.#options.verifications.get(resolved.ref);
    const example =
      finding === null
        ? { request: await this.#example(resolved.metadata, signal), answer: undefined }
        : finding.example;
    const contract = (await this.pin(signal)).contract;
    return {
      version: resolved.ref.version,
      contract: terms === 'own' ? { ...resolved.ref, signature: resolved.signature } : contract,
      mlflowVersion: resolved.metadata.mlflowVersion,
      example: example?.request === null ? null : example,
      verified:
        finding === null
          ? { ok: false, reason: 'not loaded yet' }
          : { ok: finding.verdict.status === 'verified', reason: finding.verdict.reason },
    };
  }

  async describe(signal: AbortSignal): Promise<EndpointDescription> {
    const pinned = await this.pin(signal);
    const summary = await this.#options.directory.summary(signal);
    return {
      name: this.name,
      description: summary.description,
      default: pinned.defaultVersion,
      aliases: summary.aliases,
    };
  }

  async versions(signal: AbortSignal): Promise<readonly EndpointVersion[]> {
    const pinned = await this.pin(signal);
    const summary = await this.#options.directory.summary(signal);
    return summary.versions.map(({ version }) => {
      const ref = { model: this.name, version };
      const finding = this.#options.verifications.get(ref);
      return {
        version,
        aliases: Object.keys(summary.aliases).filter((alias) => summary.aliases[alias] === version),
        status: this.#options.manager.status(ref),
        comparison:
          this.#comparisons.get(version) ??
          (version === pinned.contract.version ? { verdict: 'identical', differences: [] } : null),
        verified:
          finding === null
            ? null
            : { ok: finding.verdict.status === 'verified', reason: finding.verdict.reason },
        batching: finding?.batching ?? { enabled: false, reason: 'not loaded yet' },
      };
    });
  }

  async warm(signal: AbortSignal): Promise<void> {
    const { defaultVersion } = await this.pin(signal);
    const ref = { model: this.name, version: defaultVersion };
    // Not waiting is the point: that it is still loading, or failed, is what `ready` and /versions tell.
    void this.#options.manager.acquire(ref, { signal, waitMs: 0 }).then(
      (handle) => {
        handle[Symbol.dispose]();
      },
      () => undefined,
    );
  }

  ready(): boolean {
    if (this.#pinned === null) return false;
    const ref = { model: this.name, version: this.#pinned.defaultVersion };
    return this.#options.manager.status(ref)?.state === 'available';
  }

  /** Why it is not ready, for a person. */
  waitingFor(): string {
    if (this.#pinned === null) return `${this.name}: its contract is not pinned yet`;
    const version = this.#pinned.defaultVersion;
    const status = this.#options.manager.status({ model: this.name, version });
    return `${this.name} version ${version}: ${status?.state ?? 'registered'}${status === null ? '' : ` (${status.reason})`}`;
  }

  #deadline({ caller, timeoutMs = Number.POSITIVE_INFINITY }: Asked): Deadline {
    const { clock, settings } = this.#options;
    return new Deadline(clock, Math.min(settings.timeoutMs, timeoutMs), caller);
  }

  /** At once where all is known; a stage of its own where the registry has to be asked. */
  #resolveCall(
    call: Asked,
    observer: CallObserver,
    stages: Stages,
    deadline: Deadline,
  ): Resolved | Promise<Resolved> {
    for (const member of call.memberVersions?.keys() ?? []) {
      throw countersignError('UNKNOWN_MEMBER', this.name, member, []);
    }
    const pinned = this.#pinned;
    const metadata = pinned && this.#options.directory.peek(call.selector, pinned.defaultVersion);
    if (pinned !== null && metadata !== null) return this.#judge(metadata, call.terms, pinned, observer);
    return stages.wait('resolve', () =>
      deadline.race(this.#resolve(call.selector, call.terms, deadline.signal, observer)),
    );
  }

  #decode<Request, Answer>(
    call: EndpointCall<Request, Answer>,
    { signature }: Resolved,
    stages: Stages,
  ): DecodedRequest | Promise<DecodedRequest> {
    return stages.either('decode', () => call.codec.decode(call.request, signature));
  }

  async #resolve(
    selector: Selector,
    terms: EndpointCall['terms'],
    signal: AbortSignal,
    observer?: CallObserver,
  ): Promise<Resolved> {
    const pinned = await this.pin(signal);
    const version = await this.#options.directory.resolve(selector, signal, () =>
      Promise.resolve(pinned.defaultVersion),
    );
    observer?.resolved(this.name, version);
    return this.#judge(await this.#options.directory.metadata(version, signal), terms, pinned, observer);
  }

  /** Whether the version may be asked under these terms. Errors: VERSION_INCOMPATIBLE. */
  #judge(
    metadata: VersionMetadata,
    terms: EndpointCall['terms'],
    pinned: Pinned,
    observer?: CallObserver,
  ): Resolved {
    const { version } = metadata;
    observer?.resolved(this.name, version);
    const ref = { model: this.name, version };
    const isDefault = version === pinned.defaultVersion;
    if (terms === 'own') return { ref, metadata, signature: metadata.signature, isDefault };
    this.#refuseIfIncompatible(version, metadata, pinned.contract);
    return { ref, metadata, signature: pinned.contract.signature, isDefault };
  }

  #refuseIfIncompatible(version: string, metadata: VersionMetadata, contract: Contract): void {
    let comparison = this.#comparisons.get(version);
    if (comparison === undefined) {
      comparison = compareSignatures(contract.signature, metadata.signature);
      this.#comparisons.set(version, comparison);
    }
    if (isAcceptable(comparison, this.#options.settings.compatibility)) return;
    const breaking = comparison.differences.filter((difference) => difference.breaking);
    const shown = breaking.length > 0 ? breaking : comparison.differences;
    throw countersignError(
      'VERSION_INCOMPATIBLE',
      this.name,
      version,
      contract.version,
      shown.map((difference) => difference.message),
    ).with({ details: { verdict: comparison.verdict, differences: comparison.differences } });
  }

  #check(resolved: Resolved, protocol: Codec['name']): 'error' | 'warn' | 'off' {
    // MLflow's protocol does not check outputs, and a drop-in must not either.
    if (protocol === 'mlflow') return 'off';
    const failed = this.#options.verifications.get(resolved.ref)?.verdict.status === 'failed';
    if (failed && resolved.isDefault) return 'off';
    return this.#options.settings.outputCheck;
  }

  async #withHandle<Result>(
    { resolved, deadline, stages }: Course,
    use: (handle: Handle) => Promise<Result>,
  ): Promise<Result> {
    const acquired = stages.either('acquire', () => this.#acquire(resolved.ref, deadline));
    const handle = acquired instanceof Promise ? await acquired : acquired;
    try {
      return await use(handle);
    } finally {
      handle[Symbol.dispose]();
    }
  }

  #acquire(ref: VersionRef, deadline: Deadline): Handle | Promise<Handle> {
    const { manager } = this.#options;
    const handle = deadline.left === null ? manager.take(ref) : null;
    return handle ?? manager.acquire(ref, { signal: deadline.caller.signal, waitMs: deadline.remainingMs() });
  }

  async #example(metadata: VersionMetadata, signal: AbortSignal): Promise<unknown> {
    try {
      return await readExample(this.#options.registry, metadata, signal);
    } catch (error) {
      // An example is decoration: without one the documents show a generated value.
      this.#options.logger.debug({ error, model: this.name }, 'input example not readable');
      return null;
    }
  }
}
