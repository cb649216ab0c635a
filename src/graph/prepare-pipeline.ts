import type { ColumnSpec, Schema } from '../contract/signature.ts';
import { type PipelineGraph, requestSource } from './definition.ts';
import { Edges, edgeName } from './edges.ts';
import { type Contracts, placeOf, type Prepared, type Run, schemaOf } from './prepared.ts';
import { invalid } from './reading.ts';
import { type RowShape, rowShape } from './row-shape.ts';
import { fieldsOf, inputOf, valueAt } from './row-values.ts';

/** Models one after the other, each edge held against the contracts on both sides of it. */
export function preparePipeline(graph: PipelineGraph, contracts: Contracts): Prepared {
  const edges = new Edges(graph, contracts, graph.steps[0] ?? null);
  let before: string = requestSource;
  for (const step of graph.steps) {
    edges.step(step, before);
    before = step.member.name;
  }
  const outputs = outputsOf(graph, edges, contracts);
  const shapes = graph.steps.map((step) =>
    rowShape(schemaOf(step.member, 'inputs', contracts, placeOf(graph))),
  );
  return {
    signature: { inputs: edges.inputs(), outputs, params: [], fromTypeHint: false },
    longs: 'bigint',
    run: (run) => runSteps(graph, shapes, run),
  };
}

function outputsOf(
  { name, steps, output }: PipelineGraph,
  edges: Edges,
  contracts: Contracts,
): Schema | null {
  const where = placeOf({ name });
  const last = steps.at(-1);
  if (last === undefined) throw invalid(where, 'it has no steps');
  if (output === null) return contracts.get(last.member.name)?.outputs ?? null;
  const columns = [...output].map(([column, reference]): ColumnSpec => {
    const field = edges.field(reference, last.member.name, `${where}.output.${column}`);
    if (field !== null) return { name: column, ...field };
    const named = reference.kind === 'field' ? reference.field : null;
    throw invalid(`${where}.output.${column}`, `nothing says the type of ${edgeName(requestSource, named)}`);
  });
  return { kind: 'columns', named: true, columns };
}

async function runSteps(
  { steps, output }: PipelineGraph,
  shapes: readonly RowShape[],
  run: Run,
): Promise<readonly unknown[]> {
  const known = new Map<string, readonly unknown[]>([[requestSource, run.rows]]);
  let before: string = requestSource;
  for (const [index, step] of steps.entries()) {
    const shape = shapes[index];
    const inputs = run.rows.map((_, row) =>
      inputOf(step, shape, (reference) => valueAt(reference, row, before, known)),
    );
    known.set(step.member.name, (await run.ask(step.member, inputs, {})) ?? []);
    before = step.member.name;
  }
  if (output === null) return known.get(before) ?? [];
  return run.rows.map((_, row) => fieldsOf(output, (reference) => valueAt(reference, row, before, known)));
}
