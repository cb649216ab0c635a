import { describeType } from '../contract/describe-type.ts';
import type { DataType, Schema } from '../contract/signature.ts';
import { mean } from './combine.ts';
import type { EnsembleGraph } from './definition.ts';
import { countingField, uncombinable, valueIn } from './ensemble-field.ts';
import { oneColumn } from './ensemble-vote.ts';
import { isNumber } from './fit.ts';
import { placeOf } from './prepared.ts';
import type { Combination, Contribution, Contributor } from './ensemble-parts.ts';
import { invalid } from './reading.ts';

/**
 * The weighted mean: of the field that each member names, or of every number that the first one answers, which all
 * others have to answer too.
 */
export function meanAnswers(graph: EnsembleGraph, contributors: readonly Contributor[]): Combination {
  const [first] = contributors;
  if (first === undefined) throw invalid(placeOf(graph), 'it has no members');
  const byField = contributors.some(({ field }) => field !== null) || first.answers.kind === 'bare';
  return byField ? meanOfOne(graph, first, contributors) : meanOfAll(graph, first, contributors);
}

function meanOfOne(
  graph: EnsembleGraph,
  first: Contributor,
  contributors: readonly Contributor[],
): Combination {
  const fields = new Map(contributors.map((contributor) => [contributor, countingField(graph, contributor)]));
  const [type = double] = contributors.map((contributor) =>
    meanType(graph, contributor, fields.get(contributor)?.type ?? double),
  );
  const name = graph.output ?? fields.get(first)?.name ?? null;
  const meanOf = (contributions: readonly Contribution[]): unknown =>
    weigh(graph, name ?? 'answer', contributions, (contributor) => fields.get(contributor)?.name ?? null);
  return {
    outputs: name === null ? bareOutputs(first.outputs, type) : oneColumn(name, type),
    combine: (contributions) => (name === null ? meanOf(contributions) : { [name]: meanOf(contributions) }),
  };
}

function meanOfAll(
  graph: EnsembleGraph,
  first: Contributor,
  contributors: readonly Contributor[],
): Combination {
  const fields = first.answers.kind === 'record' ? first.answers.fields : new Map<string, never>();
  const names = [...fields].filter(([, { type }]) => isNumeric(type)).map(([name]) => name);
  if (names.length === 0)
    throw invalid(`${placeOf(graph)}.members.${first.member.name}`, 'it answers no number');
  const columns = names.map((name) => {
    const [type = double] = contributors.map((contributor) => {
      const field = contributor.answers.kind === 'record' ? contributor.answers.fields.get(name) : undefined;
      if (field !== undefined) return meanType(graph, contributor, field.type);
      throw invalid(
        `${placeOf(graph)}.members.${contributor.member.name}`,
        `it answers no \`${name}\`, as '${first.member.name}' does`,
      );
    });
    return { name, type, required: true };
  });
  return {
    outputs: { kind: 'columns', named: true, columns },
    combine: (contributions) =>
      Object.fromEntries(names.map((name) => [name, weigh(graph, name, contributions, () => name)])),
  };
}

function weigh(
  graph: EnsembleGraph,
  what: string,
  contributions: readonly Contribution[],
  nameFor: (contributor: Contributor) => string | null,
): unknown {
  const value = mean(
    contributions.map(({ contributor, answer }) => ({
      value: valueIn(answer, nameFor(contributor)),
      weight: contributor.weight,
    })),
  );
  if (value === undefined)
    throw uncombinable(graph, `${what}: the members answered lists of different lengths`);
  return value;
}

const double: DataType = { kind: 'double' };

function isNumeric(type: DataType): boolean {
  return isNumber(type) || (type.kind === 'array' && isNumeric(type.items));
}

/** A mean of integers has a fraction: numbers become doubles. */
function meanType(graph: EnsembleGraph, { member }: Contributor, type: DataType): DataType {
  if (isNumber(type)) return double;
  if (type.kind === 'array')
    return { kind: 'array', items: meanType(graph, { member } as Contributor, type.items) };
  throw invalid(`${placeOf(graph)}.members.${member.name}`, `there is no mean of ${describeType(type)}`);
}

/** A bare tensor stays one, of doubles. */
function bareOutputs(outputs: Schema, type: DataType): Schema {
  if (outputs.kind === 'columns') return oneColumn(null, type);
  return { ...outputs, tensors: outputs.tensors.map((tensor) => ({ ...tensor, dtype: 'float64' })) };
}
