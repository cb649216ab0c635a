import type { Difference } from './contract.ts';
import { difference, type Place } from './difference.ts';

/** A column, tensor, property or param: something with an identity that may be there on one side only. */
export interface Field<Spec> {
  /** Its name, or its position where there are no names. */
  readonly key: string | number;
  readonly place: Place;
  readonly required: boolean;
  /** What a signature says about it, in a few words. */
  readonly said: string;
  readonly spec: Spec;
}

/** Compares what A and B say there, once both name it. */
export type CompareSpecs<Spec> = (place: Place, a: Spec, b: Spec) => readonly Difference[];

/** Presence of each field, and `compare` for those that both have; a missing one is reported once, here. */
export function compareFields<Spec>(
  a: readonly Field<Spec>[],
  b: readonly Field<Spec>[],
  compare: CompareSpecs<Spec>,
): readonly Difference[] {
  const ofA = new Map(a.map((field) => [field.key, field]));
  const ofB = new Map(b.map((field) => [field.key, field]));
  const added = b.filter((field) => !ofA.has(field.key)).map(addition);
  const kept = a.flatMap((mine) => {
    const theirs = ofB.get(mine.key);
    if (theirs === undefined) return [removal(mine)];
    return [...compareRequired(mine, theirs), ...compare(mine.place, mine.spec, theirs.spec)];
  });
  return [...kept, ...added];
}

function removal({ place, required, said }: Field<unknown>): Difference {
  const harmless = place.subject === 'output' && !required;
  return difference(place, harmless ? 'optional_removed' : 'removed', { contract: said, version: null });
}

function addition({ place, required, said }: Field<unknown>): Difference {
  const kind = place.subject === 'output' ? 'added' : required ? 'added_required' : 'added_optional';
  return difference(place, kind, { contract: null, version: said });
}

function compareRequired(a: Field<unknown>, b: Field<unknown>): readonly Difference[] {
  if (a.required === b.required) return [];
  const kind = b.required ? 'now_required' : 'now_optional';
  return [difference(a.place, kind, { contract: a.said, version: b.said })];
}

/** True when the names that both sides have stand in another relative order. */
export function reordered(a: readonly Field<unknown>[], b: readonly Field<unknown>[]): boolean {
  const ofA = new Set(a.map((field) => field.key));
  const ofB = new Set(b.map((field) => field.key));
  const left = a.map((field) => field.key).filter((key) => ofB.has(key));
  const right = b.map((field) => field.key).filter((key) => ofA.has(key));
  return left.some((key, index) => right[index] !== key);
}
