import { type CountersignError, countersignError } from '../errors/countersign-error.ts';
import { parseSelector } from '../endpoint/selector.ts';
import type { Selector } from '../endpoint/endpoint.ts';
import { didYouMean } from '../util/nearest.ts';
import { isRecord, type UnknownRecord } from '../util/unknown.ts';
import type { MemberSpec, OnError } from './definition.ts';

/** Small readers for what stands under `graphs`; each throws INVALID_GRAPH saying where and what was expected. */

export function invalid(where: string, what: string): CountersignError {
  return countersignError('INVALID_GRAPH', where, what);
}

export function record(value: unknown, where: string): UnknownRecord {
  if (!isRecord(value)) throw invalid(where, 'expected an object');
  return value;
}

/** A record with no keys but these. */
export function closed(value: unknown, where: string, keys: readonly string[]): UnknownRecord {
  const read = record(value, where);
  for (const key of Object.keys(read)) {
    if (!keys.includes(key)) throw invalid(where, `it has no \`${key}\`${didYouMean(key, keys)}`);
  }
  return read;
}

export function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid(where, 'expected a list that is not empty');
  return value;
}

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(where, 'expected a text');
  return value;
}

export function textOrNull(value: unknown, where: string): string | null {
  return value === undefined || value === null ? null : text(value, where);
}

export function oneOf<Choice extends string>(
  value: unknown,
  where: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(where, `expected one of ${choices.join(', ')}`);
  return found;
}

const memberKeys = ['model', 'params', 'onError'];

/** A member as given: the name of a model, or an object with `model` and the keys of its form. */
export function readMember(given: unknown, where: string, extraKeys: readonly string[]): UnknownRecord {
  if (typeof given === 'string') return { model: text(given, where) };
  return closed(given, where, [...memberKeys, ...extraKeys]);
}

/** @param name What the composed model calls it; null: as its model. */
export function memberSpec(given: UnknownRecord, where: string, name: string | null): MemberSpec {
  const { model, selector } = readModel(text(given['model'], `${where}.model`), where);
  const params = given['params'] === undefined ? {} : record(given['params'], `${where}.params`);
  return { name: name ?? model, model, selector, params, onError: readOnError(given['onError'], where) };
}

/** `NAME`, `NAME/2`, `NAME@alias`: a model's name has no slash, and an alias no `@`. */
function readModel(given: string, where: string): { model: string; selector: Selector } {
  const slash = given.indexOf('/');
  const at = given.lastIndexOf('@');
  if (slash > 0) return { model: given.slice(0, slash), selector: selectorOf(given.slice(slash + 1), where) };
  if (at > 0) return { model: given.slice(0, at), selector: selectorOf(given.slice(at), where) };
  return { model: given, selector: { kind: 'default' } };
}

function selectorOf(given: string, where: string): Selector {
  try {
    const selector = parseSelector(given);
    if (selector.kind !== 'default') return selector;
  } catch {
    // Said below, with the place.
  }
  throw invalid(where, `'${given}' is no version; expected NAME, NAME/2 or NAME@alias`);
}

function readOnError(given: unknown, where: string): OnError {
  if (given === undefined || given === 'fail') return { kind: 'fail' };
  if (given === 'omit') return { kind: 'omit' };
  if (isRecord(given) && Object.hasOwn(given, 'default')) return { kind: 'default', row: given['default'] };
  throw invalid(`${where}.onError`, "expected 'fail', 'omit' or { default: ... }");
}

/** Members whose names differ. */
export function distinct(members: readonly MemberSpec[], where: string): readonly MemberSpec[] {
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name))
      throw invalid(where, `two members are called '${name}'; give one of them a \`name\``);
    names.add(name);
  }
  return members;
}
