import { integerOrNumber } from '../../src/util/exact-json.ts';
import { JsonReadError, readJson } from '../../src/util/json-reader.ts';
import { isRecord } from '../../src/util/unknown.ts';

export interface SameJsonOptions {
  /** Numbers may be a little apart. */
  readonly approx: boolean;
  /** null may stand where NaN or an infinity was expected, which JSON cannot say. */
  readonly nullForNonFinite: boolean;
}

const relative = 1e-6;
const absolute = 1e-9;

/** As Python reads it: integers of any size exact, NaN, Infinity and -Infinity as numbers. Undefined when it is not JSON. */
export function parsePythonJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: readJson(text, { number: integerOrNumber, nonFinite: true }) };
  } catch (error) {
    if (error instanceof JsonReadError) return undefined;
    throw error;
  }
}

/** Where and how two JSON values differ, or null. Key order is free, and 1 is 1.0. */
export function jsonDifference(
  expected: unknown,
  got: unknown,
  options: SameJsonOptions,
  at = '$',
): string | null {
  if (Array.isArray(expected)) return listDifference(expected, got, options, at);
  if (isRecord(expected)) return objectDifference(expected, got, options, at);
  return sameScalar(expected, got, options) ? null : differs(expected, got, at);
}

function listDifference(
  expected: readonly unknown[],
  got: unknown,
  options: SameJsonOptions,
  at: string,
): string | null {
  if (!Array.isArray(got) || got.length !== expected.length) return differs(expected, got, at);
  const items: readonly unknown[] = got;
  return firstOf(
    expected.map((item, index) => [item, items[index], `${at}[${String(index)}]`]),
    options,
  );
}

function objectDifference(
  expected: Readonly<Record<string, unknown>>,
  got: unknown,
  options: SameJsonOptions,
  at: string,
): string | null {
  const keys = Object.keys(expected);
  if (!isRecord(got) || Object.keys(got).length !== keys.length) return differs(expected, got, at);
  if (!keys.every((key) => Object.hasOwn(got, key))) return differs(expected, got, at);
  return firstOf(
    keys.map((key) => [expected[key], got[key], `${at}.${key}`]),
    options,
  );
}

function firstOf(
  pairs: readonly (readonly [expected: unknown, got: unknown, at: string])[],
  options: SameJsonOptions,
): string | null {
  for (const [expected, got, at] of pairs) {
    const difference = jsonDifference(expected, got, options, at);
    if (difference !== null) return difference;
  }
  return null;
}

function sameScalar(expected: unknown, got: unknown, options: SameJsonOptions): boolean {
  if (!isNumeric(expected)) return expected === got;
  if (got === null) return options.nullForNonFinite && !isFinite(Number(expected));
  return isNumeric(got) && (sameNumber(expected, got) || (options.approx && closeNumbers(expected, got)));
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function sameNumber(one: number | bigint, other: number | bigint): boolean {
  // Exact between the two types, while `Number(bigint)` would round.
  if (typeof one === 'bigint' || typeof other === 'bigint') return !(one < other || one > other);
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}

function closeNumbers(one: number | bigint, other: number | bigint): boolean {
  const [a, b] = [Number(one), Number(other)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute);
}

function differs(expected: unknown, got: unknown, at: string): string {
  return `${at}: expected ${shown(expected)}, got ${shown(got)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (isNumeric(item) ? String(item) : item));
  return (text as string | undefined)?.slice(0, 120) ?? 'nothing';
}
