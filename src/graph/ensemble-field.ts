import { countersignError } from '../errors/countersign-error.ts';
import { isRecord } from '../util/unknown.ts';
import type { EnsembleGraph } from './definition.ts';
import { placeOf } from './prepared.ts';
import type { Contributor } from './ensemble-parts.ts';
import { invalid } from './reading.ts';
import type { Field } from './row-shape.ts';
import { graphVersion } from './version.ts';

/** The one field of a member's answer that counts: the one named, or the only one there is. */
export interface Counting extends Field {
  /** Null: the answer is the bare value itself. */
  readonly name: string | null;
}

export function countingField(graph: EnsembleGraph, { member, field, answers }: Contributor): Counting {
  const where = `${placeOf(graph)}.members.${member.name}`;
  if (answers.kind === 'bare') {
    if (field !== null) throw invalid(where, `it answers one bare value, no \`${field}\``);
    return { name: null, type: answers.type, required: true };
  }
  const names = [...answers.fields.keys()];
  const name = field ?? (names.length === 1 ? names[0] : undefined);
  const found = name === undefined ? undefined : answers.fields.get(name);
  if (name !== undefined && found !== undefined) return { name, ...found };
  const has = `it answers ${names.join(', ')}`;
  throw invalid(
    where,
    field === null ? `${has}: say which one counts with \`field\`` : `${has}, no \`${field}\``,
  );
}

/** The value of a field in an answer; the answer itself where the name is null. */
export function valueIn(answer: unknown, name: string | null): unknown {
  if (name === null) return answer;
  return isRecord(answer) && Object.hasOwn(answer, name) ? answer[name] : null;
}

/** Answers that the members' signatures allow and that cannot be combined. */
export function uncombinable(graph: EnsembleGraph, what: string): Error {
  return countersignError('MODEL_OUTPUT_MISMATCH', graph.name, graphVersion, what);
}
