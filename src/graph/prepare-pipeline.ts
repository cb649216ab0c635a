import { describeType } from '../contract/describe-type.ts';
import { type ColumnSpec, type DataType, type Schema } from '../contract/signature.ts';
import { isRecord } from '../util/unknown.ts';
import { type PipelineGraph, type Reference, requestSource, type Step } from './definition.ts';
import { mayFit } from './fit.ts';
import { type Contracts, placeOf, type Prepared, type Run, schemaOf } from './prepared.ts';
import { invalid } from './reading.ts';
import { RequestFields } from './request-fields.ts';
import { type Field, type RowShape, rowShape } from './row-shape.ts';

/** Models one after the other, each edge held against the contracts on both sides of it. */
export function preparePipeline(graph: PipelineGraph, contracts: Contracts): Prepared {
  const edges = new Edges(graph, contracts);
  const inputs = edges.inputs();
  const outputs = edges.outputs();
  const shapes = graph.steps.map((step) =>
    rowShape(schemaOf(step.member, 'inputs', contracts, placeOf(graph))),
  );
  return {
    signature: { inputs, outputs, params: [], fromTypeHint: false },
    longs: 'bigint',
    run: (run) => runSteps(graph, shapes, run),
  };
}

/** What every source answers, and what of the request is needed, found step by step. */
class Edges {
  readonly #graph: PipelineGraph;
  readonly #contracts: Contracts;
  readonly #where: string;
  readonly #request = new RequestFields();
  readonly #answers = new Map<string, RowShape>();
  /** The first step takes the request as it is. */
  readonly #whole: Schema | null;

  constructor(graph: PipelineGraph, contracts: Contracts) {
    this.#graph = graph;
    this.#contracts = contracts;
    this.#where = placeOf(graph);
    this.#whole = this.#wholeRequest();
    let before: string = requestSource;
    for (const step of graph.steps) {
      this.#checkStep(step, before);
      before = step.member.name;
      const outputs = contracts.get(before)?.outputs ?? null;
      if (outputs !== null) this.#answers.set(before, rowShape(outputs));
    }
  }

  inputs(): Schema {
    return this.#whole ?? this.#request.schema(this.#where);
  }

  outputs(): Schema | null {
    const last = this.#graph.steps.at(-1);
    if (last === undefined) throw invalid(this.#where, 'it has no steps');
    const { output } = this.#graph;
    if (output === null) return this.#contracts.get(last.member.name)?.outputs ?? null;
    const columns = [...output].map(([name, reference]): ColumnSpec => {
      const field = this.#source(reference, last.member.name, `${this.#where}.output.${name}`);
      return { name, ...field };
    });
    return { kind: 'columns', named: true, columns };
  }

  /** Of a first step that maps nothing, where nothing else looks at fields that it does not take. */
  #wholeRequest(): Schema | null {
    const [first] = this.#graph.steps;
    if (first === undefined || first.mapping.fields.size > 0 || first.mapping.bare !== null) return null;
    const schema = schemaOf(first.member, 'inputs', this.#contracts, this.#where);
    return schema.named && schema.kind === 'columns' ? null : schema;
  }

  #checkStep({ member, mapping }: Step, before: string): void {
    const shape = rowShape(schemaOf(member, 'inputs', this.#contracts, this.#where));
    if (shape.kind === 'bare') {
      if (mapping.fields.size > 0)
        throw invalid(`${this.#where}.${member.name}`, 'its input is one bare value');
      if (this.#whole !== null && before === requestSource) return;
      const reference = mapping.bare ?? { kind: 'field', from: null, field: null };
      this.#checkEdge(reference, before, { type: shape.type, required: true }, member.name);
      return;
    }
    if (mapping.bare !== null)
      throw invalid(`${this.#where}.${member.name}`, 'its input is an object of fields');
    for (const name of mapping.fields.keys()) {
      if (!shape.fields.has(name)) throw invalid(`${this.#where}.${member.name}`, `it takes no \`${name}\``);
    }
    if (this.#whole !== null && before === requestSource) return;
    for (const [name, field] of shape.fields) {
      const mapped = mapping.fields.get(name);
      const reference = mapped ?? ({ kind: 'field', from: null, field: name } as const);
      if (mapped === undefined && !field.required && !this.#has(before, name)) continue;
      this.#checkEdge(reference, before, field, `${member.name}.${name}`);
    }
  }

  #has(source: string, name: string): boolean {
    const shape = this.#answers.get(source);
    return source === requestSource || (shape?.kind === 'record' && shape.fields.has(name));
  }

  #checkEdge(reference: Reference, before: string, to: Field, target: string): void {
    if (reference.kind === 'value') return;
    const from = reference.from ?? before;
    const edge = `${edgeName(from, reference.field)} -> ${target}`;
    if (from === requestSource) {
      if (this.#whole !== null) throw invalid(this.#where, `${edge}: the request is no object of fields`);
      if (reference.field === null) throw invalid(this.#where, `${edge}: name a field of the request`);
      this.#request.need(reference.field, to, target);
      return;
    }
    const source = this.#answerField(from, reference.field, `${this.#where}: ${edge}`);
    if (source !== null && !mayFit(source.type, to.type)) {
      const [got, wanted] = [describeType(source.type), describeType(to.type)];
      throw invalid(this.#where, `${edge}: ${got} is no ${wanted}`);
    }
  }

  /** What a source has to say of a field of the answer. */
  #source(reference: Reference, before: string, where: string): Field {
    if (reference.kind === 'value') return { type: typeOfValue(reference.value, where), required: true };
    const from = reference.from ?? before;
    const known =
      from === requestSource
        ? this.#requestField(reference.field, where)
        : this.#answerField(from, reference.field, where);
    if (known === null) throw invalid(where, `nothing says the type of ${edgeName(from, reference.field)}`);
    return known;
  }

  #requestField(name: string | null, where: string): Field | null {
    return name === null ? null : this.#request.field(name, where);
  }

  /** Null: the source was logged without outputs. */
  #answerField(from: string, name: string | null, where: string): Field | null {
    const shape = this.#answers.get(from);
    if (shape === undefined) return null;
    if (name === null) {
      if (shape.kind === 'bare') return { type: shape.type, required: true };
      return { type: objectOf(shape.fields), required: true };
    }
    const field = shape.kind === 'record' ? shape.fields.get(name) : undefined;
    if (field !== undefined) return field;
    const has = shape.kind === 'record' ? [...shape.fields.keys()].join(', ') : 'one bare value';
    throw invalid(where, `'${from}' answers no \`${name}\`; it answers ${has}`);
  }
}

function edgeName(from: string, field: string | null): string {
  return field === null ? from : `${from}.${field}`;
}

function objectOf(fields: ReadonlyMap<string, Field>): DataType {
  return { kind: 'object', properties: [...fields].map(([name, field]) => ({ name, ...field })) };
}

function typeOfValue(value: unknown, where: string): DataType {
  if (typeof value === 'string') return { kind: 'string' };
  if (typeof value === 'boolean') return { kind: 'boolean' };
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'long' : 'double' };
  throw invalid(where, 'a constant of the answer is a text, a number, true or false');
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

type ValueOf = (reference: Reference) => unknown;

function inputOf({ mapping }: Step, shape: RowShape | undefined, valueOf: ValueOf): unknown {
  if (shape?.kind !== 'record') {
    return valueOf(mapping.bare ?? { kind: 'field', from: null, field: null });
  }
  const references = [...shape.fields.keys()].map(
    (name) =>
      [name, mapping.fields.get(name) ?? ({ kind: 'field', from: null, field: name } as const)] as const,
  );
  return fieldsOf(references, valueOf);
}

/** Fields that have no value are left out, as an optional column may be. */
function fieldsOf(references: Iterable<readonly [string, Reference]>, valueOf: ValueOf): unknown {
  const fields = [...references].map(([name, reference]) => [name, valueOf(reference)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function valueAt(
  reference: Reference,
  row: number,
  before: string,
  known: ReadonlyMap<string, readonly unknown[]>,
): unknown {
  if (reference.kind === 'value') return reference.value;
  const source = known.get(reference.from ?? before)?.[row];
  if (reference.field === null) return source;
  return isRecord(source) && Object.hasOwn(source, reference.field) ? source[reference.field] : undefined;
}
