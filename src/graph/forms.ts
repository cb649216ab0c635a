import { type GraphDefinition } from './compose.ts';
import { type MemberOptions } from './member-types.ts';

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
