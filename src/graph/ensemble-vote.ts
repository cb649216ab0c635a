import { describeType } from '../contract/describe-type.ts';
import type { DataType, Schema } from '../contract/signature.ts';
import { vote } from './combine.ts';
import type { EnsembleGraph } from './definition.ts';
import { countingField, uncombinable, valueIn } from './ensemble-field.ts';
import { isNumber } from './fit.ts';
import { placeOf } from './prepared.ts';
import type { Combination, Contribution, Contributor } from './ensemble-parts.ts';
import { invalid } from './reading.ts';

/** The label of the most weight. */
export function voteAnswers(graph: EnsembleGraph, contributors: readonly Contributor[]): Combination {
  const fields = new Map(contributors.map((contributor) => [contributor, countingField(graph, contributor)]));
  const types = contributors.map((contributor) =>
    labelType(graph, contributor, fields.get(contributor)?.type),
  );
  refuseMixed(graph, contributors, types);
  const [type = { kind: 'string' as const }] = types;
  const [first] = fields.values();
  const name = graph.output ?? first?.name ?? null;
  const label = ({ contributor, answer }: Contribution): unknown =>
    labelOf(graph, contributor, valueIn(answer, fields.get(contributor)?.name ?? null));
  return {
    outputs: oneColumn(name, type),
    combine: (contributions) => {
      const winner = vote(
        contributions.map((each) => ({ value: label(each), weight: each.contributor.weight })),
      );
      return name === null ? winner : { [name]: winner };
    },
  };
}

export function oneColumn(name: string | null, type: DataType): Schema {
  return { kind: 'columns', named: name !== null, columns: [{ name, type, required: true }] };
}

const labelKinds: ReadonlySet<DataType['kind']> = new Set(['string', 'boolean', 'integer', 'long', 'any']);

function labelType(
  graph: EnsembleGraph,
  { member, labels }: Contributor,
  type: DataType = { kind: 'any' },
): DataType {
  const where = `${placeOf(graph)}.members.${member.name}`;
  if (!labelKinds.has(type.kind)) throw invalid(where, `${describeType(type)} is no label to vote with`);
  if (labels === null) return type;
  if (!isNumber(type) && type.kind !== 'any')
    throw invalid(where, `\`labels\` name classes by number, not by ${type.kind}`);
  return { kind: 'string' };
}

/** `2` and `"virginica"` would never agree. */
function refuseMixed(
  graph: EnsembleGraph,
  contributors: readonly Contributor[],
  types: readonly DataType[],
): void {
  const [first] = types;
  const other = types.findIndex(
    (type) => first !== undefined && type.kind !== first.kind && !(isNumber(type) && isNumber(first)),
  );
  if (first === undefined || other < 0) return;
  const [a, b] = [contributors[0]?.member.name ?? '', contributors[other]?.member.name ?? ''];
  const [kindA, kindB] = [first.kind, types[other]?.kind ?? ''];
  throw invalid(
    placeOf(graph),
    `'${a}' votes with ${kindA}, '${b}' with ${kindB}; name the classes of the numbers with \`labels\``,
  );
}

function labelOf(graph: EnsembleGraph, { member, labels }: Contributor, value: unknown): unknown {
  if (labels === null || value === null) return value;
  const label = labels[Number(value)];
  if (label !== undefined) return label;
  throw uncombinable(
    graph,
    `member ${member.name} answered class ${String(Number(value))}, which \`labels\` does not name`,
  );
}
