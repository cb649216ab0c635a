import type { DataType, ScalarName } from '../../contract/signature.ts';
import type { Nested } from '../../payload/payload.ts';
import { Decimal } from '../../util/decimal.ts';
import { maxJsonDepth } from '../../util/json-reader.ts';
import { didYouMean } from '../../util/nearest.ts';
import { Faults, step } from './faults.ts';
import { anyDouble, loneSurrogate, readScalar } from './read-scalar.ts';
import { expected, wanted } from './words.ts';

/** Members that an object type does not name: an error, or left out. */
export type UnknownFields = 'reject' | 'ignore';

/** What protocols read differently. */
export interface ReadPolicy {
  readonly unknownFields: UnknownFields;
  /** Null also stands for an element or a map's value, and `{}` for an object, as MLflow has it beneath an optional column. */
  readonly nullMembers: boolean;
  /** NaN and infinities are numbers, as Python's tokens for them and where a number is too large for a float. */
  readonly nonFinite: boolean;
}

/** Nothing is left out, null is no member, and only JSON's numbers are numbers. */
export const strict: ReadPolicy = { unknownFields: 'reject', nullMembers: false, nonFinite: false };

/**
 * Reads a parsed JSON value as a value of the type, whole and without loss. Elements and properties are never
 * null, except where an object says that a property is optional, and within `any`.
 */
export function readNested(type: DataType, value: unknown, policy: ReadPolicy): Nested | Faults {
  switch (type.kind) {
    case 'array':
      return readArray(type.items, value, policy);
    case 'object':
      return readObject(type, value, policy);
    case 'map':
      return readMap(type.values, value, policy);
    case 'any':
      return readAny(value, 0, policy);
    default:
      return readTyped(type, value, policy);
  }
}

function readArray(items: DataType, value: unknown, policy: ReadPolicy): Nested | Faults {
  if (!Array.isArray(value)) return Faults.of(expected('a list', value));
  return readList(value.length, (index) => readMember(items, value[index], policy));
}

/** An element of an array or a value of a map. */
function readMember(type: DataType, value: unknown, policy: ReadPolicy): Nested | Faults {
  return value === null && policy.nullMembers ? null : readNested(type, value, policy);
}

export function isFloat(type: Pick<DataType, 'kind'>): boolean {
  return type.kind === 'float' || type.kind === 'double';
}

function readTyped(type: { readonly kind: ScalarName }, value: unknown, policy: ReadPolicy): Nested | Faults {
  const double = policy.nonFinite && isFloat(type) ? anyDouble(value) : null;
  if (double === null) return readScalar(type.kind, value);
  return type.kind === 'float' ? Math.fround(double) : double;
}

function isNonFinite(value: unknown): value is number {
  return typeof value === 'number' && !Number.isFinite(value);
}

function readMap(values: DataType, value: unknown, policy: ReadPolicy): Nested | Faults {
  if (!isObject(value)) return Faults.of(expected('an object', value));
  const read = new Members();
  for (const key of Object.keys(value)) {
    read.set(key, key.isWellFormed() ? readMember(values, value[key], policy) : Faults.of(loneSurrogate));
  }
  return read.result();
}

function readObject(
  type: Extract<DataType, { kind: 'object' }>,
  value: unknown,
  policy: ReadPolicy,
): Nested | Faults {
  if (!isObject(value)) return Faults.of(expected('an object', value));
  const read = new Members();
  if (policy.nullMembers && Object.keys(value).length === 0) return read.result();
  let known = 0;
  for (const property of type.properties) {
    const { name } = property;
    if (!Object.hasOwn(value, name)) {
      if (property.required) read.set(name, Faults.of(`required ${property.type.kind} is missing`));
      continue;
    }
    known++;
    const isNull = value[name] === null && !property.required;
    read.set(name, isNull ? null : readNested(property.type, value[name], policy));
  }
  if (policy.unknownFields === 'reject' && Object.keys(value).length > known) {
    read.faults(
      unknownMembers(
        value,
        type.properties.map((property) => property.name),
      ),
    );
  }
  return read.result();
}

/** An issue for each member of an object that is not among the known names. */
export function unknownMembers(value: Readonly<Record<string, unknown>>, known: readonly string[]): Faults {
  const names = new Set(known);
  const free = known.filter((name) => !Object.hasOwn(value, name));
  const faults = new Faults();
  for (const key of Object.keys(value)) {
    if (!names.has(key)) faults.add(step(key), () => `unknown field${didYouMean(key, free)}`);
  }
  return faults;
}

/** Any JSON value as it is; numbers that are no double would not arrive as themselves. */
export function readAny(value: unknown, depth: number, policy: ReadPolicy): Nested | Faults {
  if (depth > maxJsonDepth) return Faults.of(`nested deeper than ${String(maxJsonDepth)} levels`);
  if (Array.isArray(value)) {
    return readList(value.length, (index) => readAny(value[index], depth + 1, policy));
  }
  if (isObject(value)) {
    const read = new Members();
    for (const key of Object.keys(value)) {
      read.set(key, key.isWellFormed() ? readAny(value[key], depth + 1, policy) : Faults.of(loneSurrogate));
    }
    return read.result();
  }
  return readAnyScalar(value, policy);
}

function readAnyScalar(value: unknown, policy: ReadPolicy): Nested | Faults {
  if (value instanceof Decimal) return readAnyScalar(value.value, policy);
  if (isNonFinite(value) && !policy.nonFinite) {
    return Faults.of(expected(wanted({ kind: 'double' }), value));
  }
  if (typeof value === 'string' && !value.isWellFormed()) return Faults.of(loneSurrogate);
  return value as null | boolean | number | bigint | string;
}

function readList(length: number, read: (index: number) => Nested | Faults): Nested | Faults {
  const items = new Array<Nested>(length);
  let faults: Faults | null = null;
  for (let index = 0; index < length; index++) {
    const item = read(index);
    if (item instanceof Faults) (faults ??= new Faults()).addAll(step(index), item);
    else items[index] = item;
  }
  return faults ?? items;
}

/** Gathers the members of an object, or all that is wrong with them. */
class Members {
  readonly #object: Record<string, Nested> = Object.create(null) as Record<string, Nested>;
  #faults: Faults | null = null;

  set(key: string, member: Nested | Faults): void {
    if (member instanceof Faults) (this.#faults ??= new Faults()).addAll(step(key), member);
    else this.#object[key] = member;
  }

  faults(faults: Faults): void {
    (this.#faults ??= new Faults()).addAll('', faults);
  }

  result(): Nested | Faults {
    return this.#faults ?? this.#object;
  }
}

/** A JSON object: what the parser makes of `{...}`, which is neither a list nor a number kept as text. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal);
}
