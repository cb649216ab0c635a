/**
 * Nested values as JSON and back. What JSON cannot say is an object with the single key `$`:
 * `{"$": ["i", "9007199254740993"]}` an integer beyond 2^53, `["f", "NaN"]` a float that JSON has no
 * token for or would read as an integer, `["b", base64]` bytes, `["t", "0"]` nanoseconds since the epoch,
 * and `["o", [[name, value], ...]]` an object that itself has a key `$`.
 */
import { countersignError } from '../errors/countersign-error.ts';
import { Timestamp, type Nested } from './payload.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const tagged = (tag: string, value: Json): Json => ({ $: [tag, value] });

export function nestedToJson(value: Nested): Json {
  switch (typeof value) {
    case 'number':
      return numberToJson(value);
    case 'bigint':
      return bigintToJson(value);
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      return value;
  }
}

function numberToJson(value: number): Json {
  const plain = Number.isInteger(value)
    ? Number.isSafeInteger(value) && !Object.is(value, -0)
    : Number.isFinite(value);
  return plain ? value : tagged('f', Object.is(value, -0) ? '-0.0' : String(value));
}

function bigintToJson(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : tagged('i', String(value));
}

function objectToJson(value: Exclude<Nested & object, null>): Json {
  if (Array.isArray(value)) return (value as readonly Nested[]).map(nestedToJson);
  if (value instanceof Uint8Array) return tagged('b', Buffer.from(value).toString('base64'));
  if (value instanceof Timestamp) return tagged('t', String(value.nanoseconds));
  const entries = Object.entries(value).map(([name, item]): [string, Json] => [name, nestedToJson(item)]);
  return Object.hasOwn(value, '$') ? tagged('o', entries) : fromEntries(entries);
}

/** An object without a prototype, so that `__proto__` is a name like any other. */
function fromEntries<Item>(entries: Iterable<readonly [string, Item]>): Record<string, Item> {
  // The declared type of Object.create is any.
  const object = Object.create(null) as Record<string, Item>;
  for (const [name, item] of entries) object[name] = item;
  return object;
}

/**
 * The value that `nestedToJson` was given. It is made of the lists and objects of the JSON itself, which is a third of
 * the time of making others.
 */
export function nestedFromJson(json: Json): Nested {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return listFromJson(json as Json[]);
  if (Object.hasOwn(json, '$')) return untag(listOf((json as { readonly $: Json }).$));
  return objectFromJson(json as Record<string, Json>);
}

// `unknown` below: a rule of the linter does not come to an end at these types.

function listFromJson(list: Json[]): Nested {
  const items: unknown[] = list;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (typeof item === 'object' && item !== null) items[index] = nestedFromJson(item);
  }
  return items as readonly Nested[];
}

function objectFromJson(object: Record<string, Json>): Nested {
  const members: Record<string, unknown> = object;
  for (const name of Object.keys(object)) {
    const item = object[name];
    if (typeof item === 'object' && item !== null) members[name] = nestedFromJson(item);
  }
  return Object.setPrototypeOf(members, null) as Nested;
}

function untag([tag, value]: readonly Json[]): Nested {
  switch (tag) {
    case 'i':
      return BigInt(textOf(value));
    case 'f':
      return Number(textOf(value));
    case 'b':
      return new Uint8Array(Buffer.from(textOf(value), 'base64'));
    case 't':
      return new Timestamp(BigInt(textOf(value)));
    case 'o':
      return fromEntries(listOf(value).map(pair));
    default:
      throw bad('an unknown tag');
  }
}

function pair(entry: Json): readonly [string, Nested] {
  const [name, item] = listOf(entry);
  return [textOf(name), nestedFromJson(item ?? null)];
}

function listOf(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw bad('no list');
  return value as readonly Json[];
}

function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw bad('no text');
  return value;
}

function bad(what: string): Error {
  return countersignError('INTERNAL').with({ cause: `a nested value as nobody writes it: ${what}` });
}
