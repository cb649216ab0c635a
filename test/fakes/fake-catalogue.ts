import type { Contract } from '../../src/contract/contract.ts';
import type { Signature } from '../../src/contract/signature.ts';
import type {
  CallObserver,
  Catalogue,
  Endpoint,
  EndpointCall,
  EndpointDescription,
  EndpointTerms,
  EndpointVersion,
} from '../../src/endpoint/endpoint.ts';
import type { Selector } from '../../src/endpoint/selector.ts';
import { countersignError } from '../../src/errors/countersign-error.ts';
import type { Payload } from '../../src/payload/payload.ts';

const difference = {
  path: '/inputs/prompt',
  kind: 'input_removed',
  breaking: true,
  contract: 'string, required',
  version: null,
  message: 'input `prompt` is gone',
};

export interface FakeEndpointOptions {
  readonly name?: string;
  readonly signature?: Signature | null;
  readonly example?: EndpointTerms['example'];
  readonly verified?: EndpointTerms['verified'];
  readonly ready?: boolean;
  readonly description?: string | null;
  /** What a loaded version does with its input; echoes by default. */
  readonly predict?: (input: Payload, call: EndpointCall) => Promise<Payload>;
  readonly items?: (call: EndpointCall) => AsyncIterable<string>;
}

/**
 * An endpoint with three versions: 1 pins the contract (alias `production`), 2 is compatible, 3 is not. Selecting
 * and its errors are real; predicting is what the test says.
 */
export class FakeEndpoint implements Endpoint {
  readonly name: string;
  readonly calls: EndpointCall[] = [];
  readonly #options: FakeEndpointOptions;

  constructor(options: FakeEndpointOptions = {}) {
    this.name = options.name ?? 'translation model';
    this.#options = options;
  }

  contract(): Promise<Contract> {
    return Promise.resolve(this.#contract('1'));
  }

  describe(): Promise<EndpointDescription> {
    const { description = 'Translates.' } = this.#options;
    return Promise.resolve({ name: this.name, description, default: '1', aliases: { production: '1' } });
  }

  async terms(selector: Selector, terms: 'contract' | 'own'): Promise<EndpointTerms> {
    await Promise.resolve();
    const version = this.#resolve(selector, terms);
    const { example = null, verified = { ok: true, reason: 'its example fits' } } = this.#options;
    return { version, contract: this.#contract(version), mlflowVersion: '3.17.2', example, verified };
  }

  async call<Request, Answer>(call: EndpointCall<Request, Answer>, observer: CallObserver): Promise<Answer> {
    const signature = this.#begin(call, observer);
    const request = await call.codec.decode(call.request, signature);
    observer.stage('decode', 0.056);
    const { predict = (input: Payload) => Promise.resolve(input) } = this.#options;
    const answers = await Promise.all(
      request.parts.map(({ input }) => predict(input, call as unknown as EndpointCall)),
    );
    observer.stage('predict', 1.5);
    observer.stage('predict', 122.497);
    return call.codec.encode(answers, request, signature);
  }

  async stream(call: EndpointCall, observer: CallObserver): Promise<AsyncIterable<string>> {
    await Promise.resolve();
    this.#begin(call, observer);
    const { items } = this.#options;
    if (items === undefined) throw countersignError('STREAMING_UNSUPPORTED', this.name, '1');
    return items(call);
  }

  versions(): Promise<readonly EndpointVersion[]> {
    const batching = { enabled: false, reason: 'no example to probe' };
    const row = { aliases: [], status: null, comparison: null, verified: null, batching };
    return Promise.resolve([
      { ...row, version: '3', comparison: { verdict: 'incompatible', differences: [difference] } },
      { ...row, version: '2' },
      { ...row, version: '1', aliases: ['production'], verified: { ok: true, reason: 'its example fits' } },
    ]);
  }

  /** How often somebody asked for it to be loaded. */
  warmed = 0;

  warm(): Promise<void> {
    this.warmed++;
    return Promise.resolve();
  }

  ready(): boolean {
    return this.#options.ready ?? true;
  }

  #contract(version: string): Contract {
    return { model: this.name, version, signature: this.#options.signature ?? null };
  }

  #begin<Request, Answer>(call: EndpointCall<Request, Answer>, observer: CallObserver): Signature | null {
    // Tests that look at calls make them over HTTP, whose requests are encoded.
    this.calls.push(call as unknown as EndpointCall);
    call.caller.signal.throwIfAborted();
    observer.resolved(this.name, this.#resolve(call.selector, call.terms));
    return this.#options.signature ?? null;
  }

  #resolve(selector: Selector, terms: 'contract' | 'own'): string {
    const version = this.#versionOf(selector);
    if (!['1', '2', '3'].includes(version)) {
      const known = ['3', '2', '1'];
      throw countersignError('VERSION_NOT_FOUND', this.name, version, known).with({
        details: { versions: known },
      });
    }
    if (version === '3' && terms === 'contract') {
      const error = countersignError('VERSION_INCOMPATIBLE', this.name, '3', '1', [difference.message]);
      throw error.with({ details: { differences: [difference] } });
    }
    return version;
  }

  #versionOf(selector: Selector): string {
    switch (selector.kind) {
      case 'default':
        return '1';
      case 'latest':
        return '2';
      case 'version':
        return selector.version;
      case 'alias':
        if (selector.alias === 'production') return '1';
        throw countersignError('ALIAS_NOT_FOUND', this.name, selector.alias, ['production']);
    }
  }
}

export class FakeCatalogue implements Catalogue {
  readonly defaultName: string | null;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;

  constructor(
    endpoints: readonly Endpoint[],
    defaultName = endpoints.length === 1 ? endpoints[0]?.name : null,
  ) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
    this.defaultName = defaultName ?? null;
  }

  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.#endpoints.keys()]);
  }

  known(name: string | null): Endpoint | null {
    const wanted = name ?? this.defaultName;
    return wanted === null ? null : (this.#endpoints.get(wanted) ?? null);
  }

  async endpoint(name: string | null): Promise<Endpoint> {
    const names = await this.names();
    const wanted = name ?? this.defaultName;
    if (wanted === null) throw countersignError('MODEL_NOT_NAMED', names);
    const endpoint = this.#endpoints.get(wanted);
    if (endpoint === undefined) throw countersignError('MODEL_NOT_FOUND', wanted, names);
    return endpoint;
  }

  readiness(): { ready: boolean; waiting: readonly string[] } {
    const waiting = [...this.#endpoints.values()]
      .filter((endpoint) => !endpoint.ready())
      .map(({ name }) => name);
    return { ready: waiting.length === 0, waiting };
  }
}
