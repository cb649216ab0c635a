import type { Schema } from '../contract/signature.ts';
import type { EnsembleMember } from './definition.ts';
import type { RowShape } from './row-shape.ts';

/** One member of an ensemble with what it takes and answers. */
export interface Contributor extends EnsembleMember {
  readonly takes: RowShape;
  readonly answers: RowShape;
  readonly outputs: Schema;
}

/** How the answers of the members become one. */
export interface Combination {
  readonly outputs: Schema;
  /** One output, from the answers to one row of those members that answered, in their order. */
  readonly combine: (contributions: readonly Contribution[]) => unknown;
}

export interface Contribution {
  readonly contributor: Contributor;
  readonly answer: unknown;
}
