import type { DataType } from '../../contract/signature.ts';
import { Decimal } from '../../util/decimal.ts';
import { Faults, step } from '../values/faults.ts';
import { isFloat, isObject } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';

/**
 * Within lists, objects and maps (and unwrapped bodies) MLflow converts nothing: there a float is no long, and an
 * int is no double unless it is 0 or 1. A list with one float in it is a list of floats.
 */
export function kindFaults(type: DataType, value: unknown): Faults {
  switch (type.kind) {
    case 'array':
      return Array.isArray(value) ? arrayFaults(type.items, value) : new Faults();
    case 'map':
      return memberFaults(value, () => type.values);
    case 'object':
      return memberFaults(value, (name) => type.properties.find((property) => property.name === name)?.type);
    default:
      return numbersFaults(type, [value]) ?? new Faults();
  }
}

function arrayFaults(items: DataType, list: readonly unknown[]): Faults {
  const ofNumbers = numbersFaults(items, list);
  if (ofNumbers !== null) return ofNumbers;
  const faults = new Faults();
  list.forEach((item, index) => {
    faults.addAll(step(index), kindFaults(items, item));
  });
  return faults;
}

function memberFaults(value: unknown, typeOf: (name: string) => DataType | undefined): Faults {
  const faults = new Faults();
  for (const [name, member] of Object.entries(isObject(value) ? value : {})) {
    const type = typeOf(name);
    if (type !== undefined) faults.addAll(step(name), kindFaults(type, member));
  }
  return faults;
}

/** What numpy would find of numbers that make up one array; null for types that are no numbers. */
export function numbersFaults(type: DataType, values: readonly unknown[]): Faults | null {
  const isInteger = type.kind === 'integer' || type.kind === 'long';
  if (!isInteger && !isFloat(type)) return null;
  const anyFloat = values.some(isPythonFloat);
  if (isInteger) return anyFloat ? Faults.of('expected integers, got floats') : new Faults();
  const odd = values.find((value) => isPythonInt(value) && value !== 0 && value !== 1);
  return anyFloat || odd === undefined ? new Faults() : Faults.of(expected('a float', odd));
}

function isPythonFloat(value: unknown): boolean {
  return value instanceof Decimal || (typeof value === 'number' && !Number.isInteger(value));
}

function isPythonInt(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}
