import type { DecodedRequest, RequestPart } from '../codec/codec.ts';
import { paramValues, readOutputs, requestRows } from '../codec/rows.ts';
import type { Contract } from '../contract/contract.ts';
import { Deadline } from '../endpoint/deadline.ts';
import { encode } from '../endpoint/encode.ts';
import type {
  CallObserver,
  Endpoint,
  EndpointCall,
  EndpointDescription,
  EndpointTerms,
  EndpointVersion,
  Selector,
} from '../endpoint/endpoint.ts';
import { Stages } from '../endpoint/stages.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import { CountersignError, countersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../util/clock.ts';
import { SingleFlight } from '../util/single-flight.ts';
import { Asking, type AskingOptions, type MemberObservation } from './ask-member.ts';
import type { Graph, MemberSpec } from './definition.ts';
import { pinMembers } from './member-versions.ts';
import { prepare } from './prepare.ts';
import { placeOf, type Prepared } from './prepared.ts';
import { invalid } from './reading.ts';
import { graphVersion } from './version.ts';
import { versionRow } from './version-row.ts';

export interface GraphEndpointOptions {
  readonly graph: Graph;
  /** Finds the endpoint of a member, whether it is served on its own or not. */
  readonly member: AskingOptions['member'];
  /** Deadline of a call, all its members included. */
  readonly timeoutMs: number;
  readonly observed: (observation: MemberObservation) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * How much longer than its deadline a call may take: its members have the deadline itself, and what they say of it
 * says more than what can be said from outside.
 */
const graceMs = 100;

/** What is wrong with the composed model itself, rather than with the registry at the moment. */
const unfit: ReadonlySet<ErrorCode> = new Set([
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'ALIAS_NOT_FOUND',
  'VERSION_INCOMPATIBLE',
]);

function notAMember(thrown: unknown, graph: Graph, { name }: MemberSpec): CountersignError {
  const error = CountersignError.from(thrown);
  const where = `${placeOf(graph)} -> ${name}`;
  return unfit.has(error.code) ? invalid(where, error.message.replace(/\.$/, '')) : error.at(where);
}

/** A composed model as an endpoint: one version, whose contract is declared or derived from its members'. */
export class GraphEndpoint implements Endpoint {
  readonly name: string;
  readonly graph: Graph;
  readonly #options: GraphEndpointOptions;
  readonly #preparing = new SingleFlight<string, Prepared>();
  readonly #since: number;
  #prepared: Prepared | null = null;
  /** Members as far as they were looked up. */
  #members: readonly Endpoint[] = [];

  constructor(options: GraphEndpointOptions) {
    this.name = options.graph.name;
    this.graph = options.graph;
    this.#options = options;
    this.#since = options.clock.now();
  }

  /**
   * Looks the members up and holds every edge against their contracts; a failure is not remembered. Throws
   * INVALID_GRAPH, and the errors of the registry.
   */
  async prepare(signal: AbortSignal): Promise<Prepared> {
    if (this.#prepared !== null) return this.#prepared;
    signal.throwIfAborted();
    return this.#preparing.run('', async () => {
      const alone = new AbortController().signal;
      const found = await Promise.all(
        this.graph.members.map(async (member) => {
          try {
            const endpoint = await this.#options.member(member, alone);
            const { contract } = await endpoint.terms(member.selector, 'contract', alone);
            return { endpoint, entry: [member.name, contract.signature] as const };
          } catch (thrown) {
            throw notAMember(thrown, this.graph, member);
          }
        }),
      );
      this.#members = found.map(({ endpoint }) => endpoint);
      this.#prepared = prepare(this.graph, new Map(found.map(({ entry }) => entry)));
      return this.#prepared;
    });
  }

  async contract(signal: AbortSignal): Promise<Contract> {
    const { signature } = await this.prepare(signal);
    return { model: this.name, version: graphVersion, signature };
  }

  async call<Request, Answer>(call: EndpointCall<Request, Answer>, observer: CallObserver): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    const stages = new Stages(observer, clock);
    const deadlineMs = Math.min(timeoutMs, call.timeoutMs ?? Number.POSITIVE_INFINITY);
    using deadline = new Deadline(clock, deadlineMs + graceMs, call.caller);
    this.#refuseOther(call.selector);
    observer.resolved(this.name, graphVersion);
    const prepared = await stages.wait('resolve', () => deadline.race(this.prepare(deadline.signal)));
    const request = await stages.either('decode', () => call.codec.decode(call.request, prepared.signature));
    const rows = requestRows(request, prepared.signature, prepared.longs);
    const outputs =
      rows.length === 0
        ? []
        : await stages.wait('predict', () => this.#run(prepared, rows, request, call, deadline, observer));
    const parts = stages.run('conform', () => this.#conform(outputs, rows.length, prepared));
    const written = {
      codec: call.codec,
      answers: parts.map(({ input }) => input),
      request: { ...request, parts, rows: rows.length },
      signature: prepared.signature,
    };
    // Awaited: the deadline ends with this function.
    return await encode(written, stages, deadline);
  }

  async stream(): Promise<AsyncIterable<string>> {
    await Promise.resolve();
    throw countersignError('STREAMING_UNSUPPORTED', this.name, graphVersion);
  }

  async terms(
    selector: Selector,
    _terms: EndpointCall['terms'],
    signal: AbortSignal,
  ): Promise<EndpointTerms> {
    this.#refuseOther(selector);
    return {
      version: graphVersion,
      contract: await this.contract(signal),
      mlflowVersion: null,
      example: null,
      verified: { ok: true, reason: 'every answer is checked' },
    };
  }

  describe(): Promise<EndpointDescription> {
    const { description } = this.graph;
    const members = this.graph.members.map(({ name }) => name);
    return Promise.resolve({ name: this.name, description, default: graphVersion, aliases: {}, members });
  }

  versions(): Promise<readonly EndpointVersion[]> {
    return Promise.resolve([versionRow(this.graph, this.ready(), this.#since)]);
  }

  async warm(signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    await Promise.all(this.#members.map((member) => member.warm(signal)));
  }

  ready(): boolean {
    return this.#prepared !== null && this.#members.every((member) => member.ready());
  }

  /** The members' work ends when the call does: those that nobody waits for any more are told to stop. */
  async #run<Request, Answer>(
    prepared: Prepared,
    rows: readonly unknown[],
    request: DecodedRequest,
    call: EndpointCall<Request, Answer>,
    deadline: Deadline,
    observer: CallObserver,
  ): Promise<readonly unknown[]> {
    const { requestId } = call;
    const over = new AbortController();
    const signal = AbortSignal.any([deadline.signal, over.signal]);
    const asking = new Asking({
      ...this.#options,
      graph: this.name,
      longs: prepared.longs,
      versions: pinMembers(this.graph, call.memberVersions),
      requestId,
      signal,
      span: observer.span ?? null,
      remainingMs: () => Math.max(0, deadline.remainingMs() - graceMs),
    });
    const params = paramValues(request, prepared.longs);
    try {
      return await deadline.race(prepared.run({ rows, params, requestId, signal, ask: asking.ask }));
    } catch (thrown) {
      throw this.#failure(thrown);
    } finally {
      over.abort(countersignError('CALLER_LEFT'));
      for (const turn of asking.end()) observer.member?.(turn);
    }
  }

  #failure(thrown: unknown): CountersignError {
    if (thrown instanceof CountersignError) return thrown;
    const type = thrown instanceof Error ? thrown.name : typeof thrown;
    return countersignError('GRAPH_FAILED', this.name, type).with({ cause: thrown });
  }

  #conform(outputs: readonly unknown[], rows: number, { signature }: Prepared): readonly RequestPart[] {
    if (rows === 0) return [];
    const read = readOutputs(outputs, signature, rows);
    if (read.ok) return read.parts;
    throw countersignError('MODEL_OUTPUT_MISMATCH', this.name, graphVersion, read.what);
  }

  #refuseOther(selector: Selector): void {
    if (selector.kind === 'alias') throw countersignError('ALIAS_NOT_FOUND', this.name, selector.alias, []);
    if (selector.kind !== 'version' || selector.version === graphVersion) return;
    throw countersignError('VERSION_NOT_FOUND', this.name, selector.version, [graphVersion]).with({
      details: { versions: [graphVersion] },
    });
  }
}
