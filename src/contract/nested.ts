import { Timestamp, type Nested, type NestedObject } from '../payload/payload.ts';

export function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}

/** An object of the model's: neither a list, nor bytes, nor a datetime. */
export function isObject(value: Nested): value is NestedObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Timestamp)
  );
}

/** A new object without a prototype, so that `__proto__` is a name like any other. */
export function nestedObject(entries: Iterable<readonly [string, Nested]>): NestedObject {
  const made = Object.create(null) as Record<string, Nested>;
  for (const [name, value] of entries) made[name] = value;
  return made;
}

/** The object with each value mapped. */
export function mapObject(object: NestedObject, map: (value: Nested, name: string) => Nested): NestedObject {
  return nestedObject(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}

/** How an integer stands under `any`: a number while it is safe, else a bigint. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
