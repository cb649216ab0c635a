import type { ColumnSpec } from '../contract/signature.ts';
import type { EnsembleGraph } from './definition.ts';
import { valueIn } from './ensemble-field.ts';
import type { Combination, Contributor } from './ensemble-parts.ts';
import type { Field } from './row-shape.ts';

interface Output {
  readonly name: string;
  readonly contributor: Contributor;
  /** Null: the bare value. */
  readonly field: string | null;
  readonly spec: Field;
}

/**
 * All fields of all members side by side. A field that one member alone answers keeps its name, one that several
 * answer is `MEMBER.field`, a bare value has the name of its member. What may be left out is optional.
 */
export function concatAnswers(_graph: EnsembleGraph, contributors: readonly Contributor[]): Combination {
  const outputs = contributors.flatMap((contributor) => outputsOf(contributor, contributors));
  const columns = outputs.map(({ name, contributor, spec }): ColumnSpec => {
    const mayMiss = contributor.member.onError.kind === 'omit';
    return { name, type: spec.type, required: spec.required && !mayMiss };
  });
  return {
    outputs: { kind: 'columns', named: true, columns },
    combine: (contributions) => {
      const answers = new Map(contributions.map(({ contributor, answer }) => [contributor, answer]));
      const present = outputs.filter(({ contributor }) => answers.has(contributor));
      return Object.fromEntries(
        present.map(({ name, contributor, field }) => [name, valueIn(answers.get(contributor), field)]),
      );
    },
  };
}

function outputsOf(contributor: Contributor, contributors: readonly Contributor[]): readonly Output[] {
  const { answers, member, field: only } = contributor;
  if (answers.kind === 'bare') {
    return [{ name: member.name, contributor, field: null, spec: { type: answers.type, required: true } }];
  }
  return [...answers.fields]
    .filter(([name]) => only === null || name === only)
    .map(([field, spec]) => {
      const name = isShared(field, contributor, contributors) ? `${member.name}.${field}` : field;
      return { name, contributor, field, spec };
    });
}

function isShared(field: string, contributor: Contributor, contributors: readonly Contributor[]): boolean {
  return contributors.some((other) => {
    if (other === contributor) return false;
    if (other.answers.kind === 'bare') return other.member.name === field;
    return other.answers.fields.has(field) && (other.field === null || other.field === field);
  });
}
