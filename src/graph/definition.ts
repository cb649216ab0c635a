import type { Longs } from '../codec/rows.ts';
import type { Schema, Signature } from '../contract/signature.ts';
import type { Selector } from '../endpoint/endpoint.ts';

/** A composed model as read from the config: its words checked, its members not yet looked up. */
export type Graph = FunctionGraph | PipelineGraph | ConditionGraph | EnsembleGraph;

interface Described {
  readonly name: string;
  readonly description: string | null;
  readonly members: readonly MemberSpec[];
}

/** One part of a composed model. */
export interface MemberSpec {
  /** What the composed model calls it. */
  readonly name: string;
  /** A registered model or another composed one. */
  readonly model: string;
  readonly selector: Selector;
  readonly params: Readonly<Record<string, unknown>>;
  readonly onError: OnError;
}

export type OnError =
  { readonly kind: 'fail' } | { readonly kind: 'omit' } | { readonly kind: 'default'; readonly row: unknown };

export interface FunctionGraph extends Described {
  readonly kind: 'function';
  readonly inputs: Declared;
  readonly outputs: Declared;
  readonly params: Signature['params'];
  readonly longs: Longs;
  /** The function takes and answers lists. */
  readonly batch: boolean;
  readonly predict: (input: unknown, members: object, context: object) => unknown;
}

/** Half of a contract: put down in the config, or a member's. */
export type Declared =
  { readonly kind: 'schema'; readonly schema: Schema } | { readonly kind: 'member'; readonly name: string };

export interface PipelineGraph extends Described {
  readonly kind: 'pipeline';
  /** As many as members, in order. */
  readonly steps: readonly Step[];
  /** Null: the answer of the last step. */
  readonly output: ReadonlyMap<string, Reference> | null;
}

export interface Step {
  readonly member: MemberSpec;
  readonly mapping: Mapping;
}

export interface Mapping {
  /** The field that is the whole input of a member whose input is one bare value; null: there is none. */
  readonly bare: Reference | null;
  /** By field of the member; fields that are not in it come under their own name. */
  readonly fields: ReadonlyMap<string, Reference>;
}

export interface ConditionGraph extends Described {
  readonly kind: 'condition';
  /** Asked with every row; null: the condition looks at the request. */
  readonly first: Step | null;
  readonly criterion: Criterion;
  readonly then: Branch;
  readonly otherwise: Branch;
}

/** What is done with the rows that go one way. */
export interface Branch {
  /** Null: nobody else is asked. */
  readonly step: Step | null;
  /** Null: the last answer. */
  readonly output: ReadonlyMap<string, Reference> | null;
}

export type Scalar = string | number | boolean;

/** What decides which way a row goes. A missing value meets none, nor does NaN. */
export type Criterion = { readonly value: FieldReference } & (
  | { readonly comparison: 'above' | 'below' | 'atLeast' | 'atMost'; readonly against: number }
  | { readonly comparison: 'equals'; readonly against: Scalar }
  | { readonly comparison: 'oneOf'; readonly against: readonly Scalar[] }
);

export interface FieldReference {
  readonly kind: 'field';
  /** Null: the answer before, which for the first step is the request. */
  readonly from: string | null;
  /** Null: the row itself. */
  readonly field: string | null;
}

export type Reference = FieldReference | { readonly kind: 'value'; readonly value: unknown };

/** The name of the request among the sources of a reference. */
export const requestSource = 'request';

export interface EnsembleGraph extends Described {
  readonly kind: 'ensemble';
  readonly combine: 'mean' | 'vote' | 'concat';
  /** As many as members, in order. */
  readonly parts: readonly EnsembleMember[];
  readonly output: string | null;
}

export interface EnsembleMember {
  readonly member: MemberSpec;
  readonly weight: number;
  /** Null: the only one it answers, or for a mean every number. */
  readonly field: string | null;
  /** Null: the answer is the label itself. */
  readonly labels: readonly string[] | null;
  /** The request's name of each of the member's fields that has another one there. */
  readonly renamed: ReadonlyMap<string, string>;
}
