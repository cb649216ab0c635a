import { paramDefault } from '../../contract/param-default.ts';
import type { ParamSpec } from '../../contract/signature.ts';
import type { Nested } from '../../payload/payload.ts';
import { exactNumber } from '../../util/decimal.ts';
import { Faults, step } from './faults.ts';
import { readNested, strict } from './read-nested.ts';
import { expected } from './words.ts';

/** Reads a param from parsed JSON. Null is a value only of a param whose default is null. */
export function readParam(spec: ParamSpec, value: unknown): Nested | Faults {
  if (value === null && spec.default === null) return null;
  return readNested(paramType(spec), value, strict);
}

/** The type of its values. */
export function paramType({ type, array }: ParamSpec): ParamSpec['type'] {
  return array ? { kind: 'array', items: type } : type;
}

/** Reads a param from the texts that a query has under its name. */
export function readQueryParam(spec: ParamSpec, texts: readonly string[]): Nested | Faults {
  const { kind } = spec.type;
  if (kind === 'object' || kind === 'map' || kind === 'array' || kind === 'any') {
    return Faults.of(`a param of type ${kind} goes in \`params\` of the envelope, not in the query`);
  }
  const values = texts.map((text) => fromText(kind, text));
  if (spec.array) return readParam(spec, values);
  return values.length === 1
    ? readParam(spec, values[0])
    : Faults.of(`expected one value, got ${String(values.length)}`);
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The JSON value that a text of a query stands for, given the type it should have. */
function fromText(kind: string, text: string): unknown {
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const isNumber = kind === 'integer' || kind === 'long' || kind === 'float' || kind === 'double';
  return isNumber && jsonNumber.test(text) ? exactNumber(text) : text;
}

/** The defaults of the params that a request did not give, and those it gave. */
export function completeParams(
  specs: readonly ParamSpec[],
  given: ReadonlyMap<string, Nested>,
): ReadonlyMap<string, Nested> {
  return new Map(specs.map((spec) => [spec.name, given.get(spec.name) ?? absentDefault(spec, given)]));
}

function absentDefault(spec: ParamSpec, given: ReadonlyMap<string, Nested>): Nested {
  return given.has(spec.name) ? null : paramDefault(spec);
}

/** The faults of a `params` that is no object. */
export function paramsFaults(value: unknown): Faults {
  return Faults.of(expected('an object of params', value), step('params'));
}
