import type { GraphDefinition } from './compose.ts';
import type { MemberOptions } from './member-types.ts';

/** Where a field comes from: the answer before it, another step or the request, or a constant. */
export type ReferenceGiven =
  | string
  | {
      /** The name of a step, or `request`. */
      readonly from: string;
      /** Absent: the row itself. */
      readonly field?: string;
    }
  | { readonly value: unknown };

export interface StepOptions extends MemberOptions {
  /** What other steps call it. Default: the name of its model. */
  readonly name?: string;
  /**
   * Fields that do not come under their own name from the answer before; for a model whose input is one bare value,
   * the field that is it.
   */
  readonly input?: string | Readonly<Record<string, ReferenceGiven>>;
  readonly onError?: 'fail' | { readonly default: unknown };
}

export interface PipelineOptions {
  readonly description?: string;
  readonly steps: readonly (string | StepOptions)[];
  /** The answer, field by field. Default: that of the last step. */
  readonly output?: Readonly<Record<string, ReferenceGiven>>;
}

/** Models one after the other; what one answers is what the next is asked. */
export function pipeline(definition: PipelineOptions | PipelineOptions['steps']): GraphDefinition {
  return { pipeline: definition };
}

/** One of the comparisons, with a field of the answer before (or, with `from`, of the request). */
export type CriterionOptions = {
  readonly from?: 'request';
  /** Absent: the answer itself, where it is one bare value. */
  readonly field?: string;
} & (
  | { readonly above: number }
  | { readonly below: number }
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly equals: string | number | boolean }
  | { readonly oneOf: readonly (string | number | boolean)[] }
);

export interface BranchOptions {
  /** Absent: nobody else is asked. */
  readonly ask?: string | StepOptions;
  /** The answer, field by field. Default: that of the model asked last. */
  readonly output?: Readonly<Record<string, ReferenceGiven>>;
}

export interface ConditionOptions {
  readonly description?: string;
  /** The model whose answer decides; absent: the request does. */
  readonly ask?: string | StepOptions;
  /** A missing value, or NaN, passes no test. */
  readonly when: CriterionOptions;
  readonly then?: string | BranchOptions;
  readonly else?: string | BranchOptions;
}

/** Rows that go on to one model or another, or to none, by what a first model answers. */
export function condition(definition: ConditionOptions): GraphDefinition {
  return { condition: definition };
}

export interface EnsembleMemberOptions extends MemberOptions {
  /** What it is called. Default: the name of its model. */
  readonly name?: string;
  /** How much it counts in a mean or a vote. Default 1. */
  readonly weight?: number;
  /** The field of its answer that counts, where it answers several. */
  readonly field?: string;
  /** Names of the classes, where its answer is the number of one. */
  readonly labels?: readonly string[];
  /** Fields of the request that it takes under other names: its own name to the request's. */
  readonly input?: Readonly<Record<string, string>>;
}

export interface EnsembleOptions {
  readonly description?: string;
  readonly members: readonly (string | EnsembleMemberOptions)[];
  /** `mean`: the weighted mean of numbers. `vote`: the label of the most weight. `concat`: all their fields. */
  readonly combine: 'mean' | 'vote' | 'concat';
  /** Name of the field that answers a vote, or a mean of one field. Default: that of the first member. */
  readonly output?: string;
}

/** Models asked the same, at the same time, and their answers combined. */
export function ensemble(definition: EnsembleOptions): GraphDefinition {
  return { ensemble: definition };
}
