import { countersignError } from '../errors/countersign-error.ts';

/** A JSON object by its own names, so that `__proto__` and `constructor` are names like any other. */
export type JsonRecord = ReadonlyMap<string, unknown>;

/** Throws INVALID_SIGNATURE: `what` was found at `path`. */
export function fail(path: string, what: string): never {
  throw countersignError('INVALID_SIGNATURE', path === '' ? '/' : path, what);
}

export function record(value: unknown, path: string): JsonRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail(path, 'something else than an object');
  return new Map(Object.entries(value));
}

export function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) fail(path, 'something else than a list');
  return value;
}

/**
 * The name of a column, tensor or param; null when it has none. infer_signature writes the number of a
 * DataFrame column without a label: it is read as its digits.
 */
export function optionalName(spec: JsonRecord, path: string): string | null {
  const name = spec.get('name') ?? null;
  if (name === null || typeof name === 'string') return name;
  if (typeof name === 'number') return String(name);
  return fail(`${path}/name`, 'a name that is no text');
}

/** True when all have names, false when none has; throws when only some have, or two the same. */
export function allNamed(names: readonly (string | null)[], path: string): boolean {
  const named = names.filter((name) => name !== null);
  if (named.length > 0 && named.length < names.length) fail(path, 'named and unnamed entries in one list');
  const twice = named.find((name, index) => named.indexOf(name) !== index);
  if (twice !== undefined) fail(path, `the name '${twice}' twice`);
  return named.length > 0;
}
