import { type DataType } from '../../contract/signature.ts';
import { Decimal } from '../../util/decimal.ts';

const longest = 40;

/** What came, for an error message: its kind, and the value itself where it is short. */
export function got(value: unknown): string {
  if (value instanceof Decimal) return short(value.text, 'a number');
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${String(value.length)}`;
  switch (typeof value) {
    case 'string':
      return short(JSON.stringify(value), `a string of ${String(value.length)} characters`);
    case 'undefined':
      return 'nothing';
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'symbol':
      return value.description ?? 'a symbol';
    default:
      return short(String(value), 'a number');
  }
}

function short(text: string, otherwise: string): string {
  return text.length > longest ? otherwise : text;
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
