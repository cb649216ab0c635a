import { describeType } from '../contract/describe-type.ts';
import { sameJson } from '../contract/same-json.ts';
import type { ColumnSpec, DataType, Schema } from '../contract/signature.ts';
import { cannotPass, passes, testedType } from './criterion.ts';
import { type Branch, type ConditionGraph, requestSource, type Step } from './definition.ts';
import { edgeName, Edges } from './edges.ts';
import { isNumber } from './fit.ts';
import { type Contracts, placeOf, type Prepared, type Run, schemaOf } from './prepared.ts';
import { invalid } from './reading.ts';
import { type Field, type RowShape, rowShape } from './row-shape.ts';
import { fieldsOf, inputOf, valueAt } from './row-values.ts';

/** Rows that go one way or the other, by what a model answers or the request says. */
export function prepareCondition(graph: ConditionGraph, contracts: Contracts): Prepared {
  const { first, then, otherwise } = graph;
  const edges = new Edges(graph, contracts, first);
  const before = first?.member.name ?? requestSource;
  if (first !== null) edges.step(first, requestSource);
  for (const { step } of [then, otherwise]) if (step !== null) edges.step(step, before);
  checkCriterion(graph, edges, before);
  const outputs = outputsOf(graph, edges, contracts, before);
  const shapeOf = ({ member }: Step): RowShape =>
    rowShape(schemaOf(member, 'inputs', contracts, placeOf(graph)));
  return {
    signature: { inputs: edges.inputs(), outputs, params: [], fromTypeHint: false },
    longs: 'bigint',
    run: (run) => runRows(graph, shapeOf, run),
  };
}

function checkCriterion({ name, criterion }: ConditionGraph, edges: Edges, before: string): void {
  const where = `${placeOf({ name })}.when`;
  const { from, field } = criterion.value;
  const source = from ?? before;
  const known = edges.field(criterion.value, before, where);
  if (known === null) {
    edges.need(field ?? '', { type: testedType(criterion), required: true }, 'when');
    return;
  }
  const why = cannotPass(criterion, known.type);
  if (why !== null) throw invalid(where, `${edgeName(source, field)}: ${why}`);
}

/** Of both ways: what only one of them answers is optional. */
function outputsOf(graph: ConditionGraph, edges: Edges, contracts: Contracts, before: string): Schema {
  const where = placeOf(graph);
  const { then, otherwise } = graph;
  const answerOf = ({ step, output }: Branch): Schema | null => {
    const last = step ?? graph.first;
    return output === null && last !== null ? schemaOf(last.member, 'outputs', contracts, where) : null;
  };
  const [yes, no] = [answerOf(then), answerOf(otherwise)];
  if (yes !== null && no !== null && sameJson(yes, no)) return yes;
  const fields = [
    fieldsOfBranch(then, yes, edges, before, `${where}.then`),
    fieldsOfBranch(otherwise, no, edges, before, `${where}.else`),
  ] as const;
  const names = [...new Set(fields.flatMap((each) => [...each.keys()]))];
  const columns = names.map((name) => column(name, fields[0].get(name), fields[1].get(name), where));
  return { kind: 'columns', named: true, columns };
}

function fieldsOfBranch(
  { step, output }: Branch,
  answer: Schema | null,
  edges: Edges,
  before: string,
  where: string,
): ReadonlyMap<string, Field> {
  if (answer !== null) {
    const shape = rowShape(answer);
    if (shape.kind === 'record') return shape.fields;
    throw invalid(where, 'it answers one bare value, and the other way does not; name it with `output`');
  }
  const last = step?.member.name ?? before;
  const fields = [...(output ?? [])].map(([name, reference]): [string, Field] => {
    const field = edges.field(reference, last, `${where}.output.${name}`);
    if (field !== null) return [name, field];
    throw invalid(`${where}.output.${name}`, 'nothing says the type of this field of the request');
  });
  return new Map(fields);
}

function column(name: string, yes: Field | undefined, no: Field | undefined, where: string): ColumnSpec {
  const [one, other] = [yes ?? no, no ?? yes];
  const type = one === undefined || other === undefined ? null : eitherType(one.type, other.type);
  if (type !== null) return { name, type, required: yes?.required === true && no?.required === true };
  const [a, b] = [one, other].map((field) => (field === undefined ? '' : describeType(field.type)));
  throw invalid(where, `\`${name}\` is ${a ?? ''} one way and ${b ?? ''} the other`);
}

/** The type of what may be of either. */
function eitherType(a: DataType, b: DataType): DataType | null {
  if (sameJson(a, b)) return a;
  if (!isNumber(a) || !isNumber(b)) return null;
  const kinds = [a.kind, b.kind];
  return { kind: kinds.includes('double') || kinds.includes('float') ? 'double' : 'long' };
}

type Known = ReadonlyMap<string, readonly unknown[]>;

/** Each model is asked once, with all the rows that go its way; both ways are asked at the same time. */
async function runRows(
  { first, criterion, then, otherwise }: ConditionGraph,
  shapeOf: (step: Step) => RowShape,
  run: Run,
): Promise<readonly unknown[]> {
  const ask = async (step: Step, rows: readonly number[], before: string, known: Known): Promise<Known> => {
    if (rows.length === 0) return known;
    const shape = shapeOf(step);
    const inputs = rows.map((row) =>
      inputOf(step, shape, (reference) => valueAt(reference, row, before, known)),
    );
    const list = (await run.ask(step.member, inputs, {})) ?? [];
    const answers: unknown[] = [];
    for (const [index, row] of rows.entries()) answers[row] = list[index];
    return new Map([...known, [step.member.name, answers]]);
  };
  const all = [...run.rows.keys()];
  const request: Known = new Map([[requestSource, run.rows]]);
  const before = first?.member.name ?? requestSource;
  const asked = first === null ? request : await ask(first, all, requestSource, request);
  const isYes = all.map((row) => passes(criterion, valueAt(criterion.value, row, before, asked)));
  const outputs: unknown[] = [];
  const take = async ({ step, output }: Branch, rows: readonly number[]): Promise<void> => {
    const known = step === null ? asked : await ask(step, rows, before, asked);
    const last = step?.member.name ?? before;
    for (const row of rows) {
      outputs[row] =
        output === null
          ? known.get(last)?.[row]
          : fieldsOf(output, (reference) => valueAt(reference, row, last, known));
    }
  };
  await Promise.all([
    take(
      then,
      all.filter((row) => isYes[row]),
    ),
    take(
      otherwise,
      all.filter((row) => isYes[row] !== true),
    ),
  ]);
  return outputs;
}
