/** Equality of JSON values: 1 is 1.0, true is not 1, integers are exact beyond 2^53, key order means nothing. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (isObject(a) && isObject(b)) return sameObject(a, b);
  if (typeof a === 'bigint' || typeof b === 'bigint') return asBigint(a) === asBigint(b);
  // NaN, which Python writes for a missing number, is the same default as itself; -0 is 0.
  return a === b || Object.is(a, b);
}

function sameObject(a: object, b: object): boolean {
  const ofB = new Map<string, unknown>(Object.entries(b));
  const entries = Object.entries(a);
  return (
    entries.length === ofB.size &&
    entries.every(([name, value]) => ofB.has(name) && sameJson(value, ofB.get(name)))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number beside a bigint, compared as the integer it is; a fraction stays itself. */
function asBigint(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}
