import { Faults } from '../values/faults.ts';
import { isObject, unknownMembers, type UnknownFields } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';

/** Names that every JavaScript object answers to without having them. */
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype));

/** The way to look up a member of a parsed JSON object that is as fast as its name allows. */
export function memberGetter(name: string): (row: Readonly<Record<string, unknown>>) => unknown {
  return inherited.has(name)
    ? (row) => (Object.hasOwn(row, name) ? row[name] : undefined)
    : (row) => row[name];
}

/** Whether every row is an object that has nothing but these names. */
export function areRecords(
  rows: readonly unknown[],
  names: ReadonlySet<string>,
  unknown: UnknownFields,
): rows is readonly Readonly<Record<string, unknown>>[] {
  return rows.every((row) => isObject(row) && (unknown === 'ignore' || hasOnly(row, names)));
}

function hasOnly(row: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): boolean {
  for (const key in row) if (!names.has(key)) return false;
  return true;
}

/** What is wrong with a row as an object, whatever its members hold. */
export function recordFaults(row: unknown, names: readonly string[], unknown: UnknownFields): Faults | null {
  if (!isObject(row)) return Faults.of(expected(`an object with ${fieldList(names)}`, row));
  return unknown === 'ignore' ? null : unknownMembers(row, names);
}

function fieldList(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `\`${name}\``);
  return names.length > 5 ? `${shown.join(', ')} and ${String(names.length - 5)} more` : shown.join(', ');
}
