import type { ScalarName } from '../../contract/signature.ts';
import { parseDatetime } from '../../payload/datetime.ts';
import { Timestamp } from '../../payload/payload.ts';
import { Decimal } from '../../util/decimal.ts';
import { decodeBase64 } from './base64.ts';
import { Faults } from './faults.ts';
import { expected, wanted } from './words.ts';

/** A scalar as a nested value holds it. */
export type Scalar = boolean | number | bigint | string | Uint8Array | Timestamp;

/** Reads one JSON value as an MLflow scalar: as it is, or not at all. Null is no scalar. */
export function readScalar(kind: ScalarName, value: unknown): Scalar | Faults {
  switch (kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(kind, value);
    case 'integer':
      return readInt32(value) ?? refuse(kind, value);
    case 'long':
      return readIntegerWithin(value, minInt64, maxInt64) ?? refuse(kind, value);
    case 'float':
      return readFloat(value, Math.fround) ?? refuse(kind, value);
    case 'double':
      return readFloat(value, asItIs) ?? refuse(kind, value);
    case 'string':
      return readString(value);
    case 'binary':
      return (typeof value === 'string' ? decodeBase64(value) : null) ?? refuse(kind, value);
    case 'datetime':
      return readDatetime(value);
  }
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

function refuse(kind: ScalarName, value: unknown): Faults {
  return Faults.of(expected(wanted({ kind }), value));
}

function readInt32(value: unknown): number | null {
  const integer = value instanceof Decimal ? Number(value.toInteger() ?? Number.NaN) : value;
  return typeof integer === 'number' && Math.trunc(integer) === integer && Math.abs(integer + 0.5) < 2 ** 31
    ? integer + 0
    : null;
}

/** Any JSON number whose mathematical value is an integer within the bounds. */
export function readIntegerWithin(value: unknown, least: bigint, most: bigint): bigint | null {
  const integer = toInteger(value);
  return integer !== null && integer >= least && integer <= most ? integer : null;
}

function toInteger(value: unknown): bigint | null {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : null;
  if (typeof value === 'bigint') return value;
  return value instanceof Decimal ? value.toInteger() : null;
}

const asItIs = (value: number): number => value;
const nonFinite = new Map<unknown, number>([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

/** The nearest float of the given precision; null for what is no number or rounds to infinity. */
export function readFloat(value: unknown, round: (value: number) => number): number | null {
  const number = toDouble(value);
  if (number === null) return nonFinite.get(value) ?? null;
  const rounded = round(number);
  return Number.isFinite(rounded) ? rounded : null;
}

/** The double of a number, NaN and infinities among them; null for an integer beyond the doubles, and for what is none. */
export function anyDouble(value: unknown): number | null {
  const double = toDouble(value);
  return value instanceof Decimal && double !== null && !Number.isFinite(double) ? null : double;
}

function toDouble(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Decimal ? value.value : null;
}

export function readString(value: unknown): string | Faults {
  if (typeof value !== 'string') return refuse('string', value);
  return value.isWellFormed() ? value : Faults.of(loneSurrogate);
}

export const loneSurrogate =
  'expected text, got a string with half of a surrogate pair, which no UTF-8 text can hold';

function readDatetime(value: unknown): Timestamp | Faults {
  if (typeof value !== 'string') return refuse('datetime', value);
  const nanoseconds = parseDatetime(value);
  if (typeof nanoseconds === 'bigint') return new Timestamp(nanoseconds);
  return nanoseconds === 'malformed'
    ? refuse('datetime', value)
    : Faults.of(expected('a moment between 1677-09-21 and 2262-04-11 (64-bit nanoseconds)', value));
}
