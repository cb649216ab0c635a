import type { ParamSpec } from '../../contract/signature.ts';
import { noParams, type Nested, type Params } from '../../payload/payload.ts';
import { didYouMean } from '../../util/nearest.ts';
import { Faults, step } from '../values/faults.ts';
import { isObject } from '../values/read-nested.ts';
import { completeParams, paramsFaults, readParam, readQueryParam } from '../values/read-params.ts';

/**
 * The params of a request: from the query under their own names, or from `params` of the envelope (undefined
 * when there is none), never from both; defaults where it gives none. What is wrong in the query points to the
 * body as a whole, since it is not in the body.
 */
export function readRequestParams(
  specs: readonly ParamSpec[],
  query: URLSearchParams,
  enveloped: unknown,
): Params | Faults {
  if (specs.length === 0 && query.size === 0 && enveloped === undefined) return noParams;
  if (enveloped !== undefined && !isObject(enveloped)) return paramsFaults(enveloped);
  const reading = new ParamsReading(specs);
  for (const name of new Set(query.keys())) reading.fromQuery(name, query.getAll(name));
  for (const [name, value] of Object.entries(enveloped ?? {})) reading.fromEnvelope(name, value);
  return reading.result();
}

class ParamsReading {
  readonly #specs: readonly ParamSpec[];
  readonly #names: readonly string[];
  readonly #given = new Map<string, Nested>();
  readonly #inQuery = new Set<string>();
  readonly #faults = new Faults();

  constructor(specs: readonly ParamSpec[]) {
    this.#specs = specs;
    this.#names = specs.map((spec) => spec.name);
  }

  fromQuery(name: string, texts: readonly string[]): void {
    this.#inQuery.add(name);
    const read = this.#read(name, (spec) => readQueryParam(spec, texts));
    if (!(read instanceof Faults)) return;
    for (const { message } of read.listed()) this.#faults.add('', `query param \`${name}\`: ${message}`);
  }

  fromEnvelope(name: string, value: unknown): void {
    const read = this.#inQuery.has(name)
      ? Faults.of('given both here and in the query')
      : this.#read(name, (spec) => readParam(spec, value));
    if (read instanceof Faults) this.#faults.addAll(`/params${step(name)}`, read);
  }

  #read(name: string, read: (spec: ParamSpec) => Nested | Faults): Nested | Faults {
    const spec = this.#specs.find((candidate) => candidate.name === name);
    if (spec === undefined) return Faults.of(`unknown param${didYouMean(name, this.#names)}`);
    const value = read(spec);
    if (!(value instanceof Faults)) this.#given.set(name, value);
    return value;
  }

  result(): Params | Faults {
    return this.#faults.count > 0 ? this.#faults : completeParams(this.#specs, this.#given);
  }
}
