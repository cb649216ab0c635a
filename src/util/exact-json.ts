/** What JSON.parse hands a reviver on Node 21 and later: the text of a primitive, as it was written. */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

// lib.es5.d.ts does not know the third argument of a reviver yet.
const parseWith = JSON.parse as (text: string, reviver?: Reviver) => unknown;

const mayHoldUnsafeInteger = /\d{16}/;
const integerText = /^-?\d+$/;

/**
 * JSON.parse, except that an integer beyond 2^53 is a bigint, exactly as written. A number written with a
 * fraction or an exponent stays a number. Throws SyntaxError as JSON.parse does.
 *
 * Objects are JSON.parse's own: `__proto__` is an own property of theirs, so look names up with Object.hasOwn.
 * The reviver costs 7-9x the time, so it runs only where the text has 16 digits in a row.
 */
export function parseExactJson(text: string): unknown {
  return mayHoldUnsafeInteger.test(text) ? parseWith(text, keepInteger) : parseWith(text);
}

function keepInteger(
  this: unknown,
  _key: string,
  value: unknown,
  { source }: { readonly source?: string },
): unknown {
  return typeof value === 'number' && source !== undefined ? integerOrNumber(source) : value;
}

/** A JSON number from its text: a bigint for an integer beyond 2^53, else the nearest double. */
export function integerOrNumber(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || !integerText.test(text) ? value : BigInt(text);
}

// lib.es5.d.ts does not know JSON.rawJSON yet: https://tc39.es/proposal-json-parse-with-source/
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

/** An integer of any size as a value that JSON.stringify writes with all its digits. */
export function jsonInteger(value: bigint): object {
  return rawJSON(String(value));
}

/**
 * A double that is an integer beyond 2^53, as a value that JSON.stringify writes with an exponent: JavaScript's
 * own text, digits filled up with zeros, is another integer to who reads integers exactly.
 */
export function jsonLargeDouble(value: number): object {
  return rawJSON(value.toExponential());
}
