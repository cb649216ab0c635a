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
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return integerText.test(source) ? BigInt(source) : value;
}

const textOrPythonToken = /"(?:[^"\\]|\\.)*"|(?<![\w.])(?:-?Infinity|NaN)(?!\w)/g;
// Numbers nobody writes: JSON has no words for these three, so they travel as a source text of ours.
const standIns: Readonly<Record<string, string>> = {
  NaN: '-0.0e-999',
  Infinity: '0.0e999',
  '-Infinity': '-0.0e999',
};
const numbersOfStandIns = new Map([
  ['-0.0e-999', Number.NaN],
  ['0.0e999', Number.POSITIVE_INFINITY],
  ['-0.0e999', Number.NEGATIVE_INFINITY],
]);

/**
 * `parseExactJson` for what Python's json.dumps writes: also takes the bare tokens `NaN`, `Infinity` and
 * `-Infinity`, as the numbers they name.
 */
export function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return parseExactJson(text);
  const standard = text.replace(textOrPythonToken, (token) => standIns[token] ?? token);
  return parseWith(standard, function (key, value, context) {
    const special = typeof value === 'number' ? numbersOfStandIns.get(context.source ?? '') : undefined;
    return special ?? keepInteger.call(this, key, value, context);
  });
}

// lib.es5.d.ts does not know JSON.rawJSON yet: https://tc39.es/proposal-json-parse-with-source/
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

/** An integer of any size as a value that JSON.stringify writes with all its digits. */
export function jsonInteger(value: bigint): object {
  return rawJSON(String(value));
}

/** JSON.stringify, except that a bigint is written as the integer it is. */
export function stringifyExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? jsonInteger(inner) : inner,
  );
}
