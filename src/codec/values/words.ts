import type { DataType } from '../../contract/signature.ts';
import { Decimal } from '../../util/decimal.ts';

/** What came, for an error message: its kind. The value itself is the caller's, and goes into no answer. */
export function got(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${String(value.length)}`;
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : `a string of ${plural(value.length, 'character')}`;
    case 'number':
    case 'bigint':
      return gotNumber(Number(value));
    case 'boolean':
      return 'a boolean';
    case 'object':
      if (value instanceof Decimal) return gotNumber(value.value, value.toInteger() !== null);
      return value === null ? 'null' : 'an object';
    case 'symbol':
      return value.description ?? 'a symbol';
    default:
      return 'nothing';
  }
}

function gotNumber(value: number, isInteger = Number.isInteger(value)): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'a number beyond 2^53';
  if (!isInteger) return 'a fraction';
  return `an integer of ${plural(String(Math.abs(value)).length, 'digit')}`;
}

function plural(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

const scalarWords = {
  boolean: 'true or false',
  integer: 'an integer from -2147483648 to 2147483647',
  long: 'an integer of 64 bits',
  float: 'a number within the range of 32-bit floats',
  double: 'a number within the range of doubles',
  string: 'a string',
  binary: 'a string of standard base64 with padding',
  datetime: 'a string with an ISO 8601 date and time',
  any: 'any JSON value',
} as const;

/** What a type takes, for an error message. */
export function wanted(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return 'a list';
    case 'object':
    case 'map':
      return 'an object';
    default:
      return scalarWords[type.kind];
  }
}

export function expected(what: string, value: unknown): string {
  return `expected ${what}, got ${got(value)}`;
}
