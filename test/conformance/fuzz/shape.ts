import { isRecord } from '../../../src/util/unknown.ts';

export type ScalarKind =
  'boolean' | 'uint8' | 'integer' | 'long' | 'float' | 'double' | 'string' | 'binary' | 'datetime';

/** A type of a signature, as the generator knows it: by nothing of what is tested. */
export type Shape =
  | ScalarKind
  | 'any'
  | { readonly array: Shape; readonly length?: number }
  | { readonly map: Shape }
  | { readonly object: Readonly<Record<string, Shape>>; readonly optional?: readonly string[] };

const within = (value: bigint, bits: bigint): boolean =>
  value >= -(2n ** (bits - 1n)) && value < 2n ** (bits - 1n);
const isoDatetime = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?:Z|[+-]\d\d:\d\d)?$/;

/** Whether a JSON value, its integers exact, is one of the type. Python's tokens are numbers, NaN and infinities. */
export function isOf(shape: Shape, value: unknown): boolean {
  if (typeof shape === 'string') return isScalarOf(shape, value);
  if ('array' in shape) {
    const { array, length } = shape;
    return isList(value, length) && value.every((item) => isOf(array, item));
  }
  if (!isRecord(value)) return false;
  if ('map' in shape) return Object.values(value).every((member) => isOf(shape.map, member));
  const { object, optional = [] } = shape;
  return (
    Object.keys(object).every((name) => Object.hasOwn(value, name) || optional.includes(name)) &&
    Object.entries(value).every(([name, member]) => {
      if (member === null && optional.includes(name)) return true;
      return object[name] !== undefined && isOf(object[name], member);
    })
  );
}

function isScalarOf(kind: ScalarKind | 'any', value: unknown): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'boolean':
      return typeof value === 'boolean';
    case 'uint8':
      return isInteger(value) && value >= 0 && value <= 255;
    case 'integer':
      return isInteger(value) && within(BigInt(value), 32n);
    case 'long':
      return isInteger(value) && within(BigInt(value), 64n);
    case 'float':
      return isNumber(value) && (!Number.isFinite(value) || Number.isFinite(Math.fround(Number(value))));
    case 'double':
      return isNumber(value);
    case 'string':
      return typeof value === 'string';
    case 'binary':
      return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
    case 'datetime':
      return typeof value === 'string' && isoDatetime.test(value) && isWithinNanoseconds(Date.parse(value));
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function isList(value: unknown, length: number | undefined): value is readonly unknown[] {
  return Array.isArray(value) && (length === undefined || value.length === length);
}

/** What 64 bits of nanoseconds can say. */
function isWithinNanoseconds(milliseconds: number): boolean {
  return Math.abs(milliseconds) < 2 ** 63 / 1e6;
}
