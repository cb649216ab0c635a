import { describeType } from '../contract/describe-type.ts';
import type { DataType, Schema } from '../contract/signature.ts';
import { type Reference, requestSource, type Step } from './definition.ts';
import { mayFit } from './fit.ts';
import { type Contracts, placeOf, schemaOf } from './prepared.ts';
import { invalid } from './reading.ts';
import { RequestFields } from './request-fields.ts';
import { type Field, type RowShape, rowShape } from './row-shape.ts';

/** What every source answers, and what of the request is needed, found step by step. Throws INVALID_GRAPH naming the edge. */
export class Edges {
  readonly #contracts: Contracts;
  readonly #where: string;
  readonly #request = new RequestFields();
  readonly #answers = new Map<string, RowShape>();
  /** The first step takes the request as it is. */
  readonly #whole: Schema | null;

  /** @param first The step that is asked what the request holds; null: there is none, or several. */
  constructor(graph: { readonly name: string }, contracts: Contracts, first: Step | null) {
    this.#contracts = contracts;
    this.#where = placeOf(graph);
    this.#whole = first === null ? null : this.#wholeRequest(first);
  }

  /** A step and the source whose answer it is asked with, in order. */
  step(step: Step, before: string): void {
    this.#checkStep(step, before);
    const outputs = this.#contracts.get(step.member.name)?.outputs ?? null;
    if (outputs !== null) this.#answers.set(step.member.name, rowShape(outputs));
  }

  /** What of the request was needed. */
  inputs(): Schema {
    return this.#whole ?? this.#request.schema(this.#where);
  }

  /** What a source has to say of a field; null for a value of the request that no step takes. */
  field(reference: Reference, before: string, where: string): Field | null {
    if (reference.kind === 'value') return { type: typeOfValue(reference.value, where), required: true };
    const from = reference.from ?? before;
    if (from === requestSource) return this.#requestField(reference.field, where);
    const known = this.#answerField(from, reference.field, where);
    if (known === null) throw invalid(where, `nothing says the type of ${edgeName(from, reference.field)}`);
    return known;
  }

  /** A field of the request that something other than a step looks at. */
  need(name: string, field: Field, edge: string): void {
    if (this.#whole !== null) throw invalid(this.#where, `${edge}: the request is no object of fields`);
    this.#request.need(name, field, edge);
  }

  /** Of a first step that maps nothing, where nothing else looks at fields that it does not take. */
  #wholeRequest(first: Step): Schema | null {
    if (first.mapping.fields.size > 0 || first.mapping.bare !== null) return null;
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

  #requestField(name: string | null, where: string): Field | null {
    if (name === null) throw invalid(where, 'name a field of the request');
    return this.#request.field(name, where);
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

export function edgeName(from: string, field: string | null): string {
  return field === null ? from : `${from}.${field}`;
}

function objectOf(fields: ReadonlyMap<string, Field>): DataType {
  return { kind: 'object', properties: [...fields].map(([name, field]) => ({ name, ...field })) };
}

function typeOfValue(value: unknown, where: string): DataType {
  if (typeof value === 'string') return { kind: 'string' };
  if (typeof value === 'boolean') return { kind: 'boolean' };
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'long' : 'double' };
  if (Array.isArray(value) && value.length > 0) {
    const [first, ...others] = value.map((item: unknown) => typeOfValue(item, where));
    if (first !== undefined && others.every(({ kind }) => kind === first.kind))
      return { kind: 'array', items: first };
  }
  throw invalid(
    where,
    'a constant of the answer is a text, a number, true or false, or a list of one of these',
  );
}
