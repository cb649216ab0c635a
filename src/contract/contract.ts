import type { Signature } from './signature.ts';

/** What callers of an endpoint rely on: the signature that the pinned default version put down. */
export interface Contract {
  readonly model: string;
  /** The version that pins it. */
  readonly version: string;
  /** Null: the model has no signature and is served untyped. */
  readonly signature: Signature | null;
}

/** How strictly another version has to fit: DESIGN section 6. */
export type CompatibilityMode = 'substitutable' | 'exact';

export interface Comparison {
  readonly verdict: 'identical' | 'compatible' | 'incompatible';
  /** Sorted by path, then kind, by code points. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  /** JSON-pointer-like: `/inputs/NAME/items`, `/outputs/0`, `/params/NAME`. */
  readonly path: string;
  /** A kind of compatibility/RULES.md section 3, such as `input_removed`. */
  readonly kind: string;
  readonly breaking: boolean;
  /** What the contract says there, in a few words ("string, required"); null where it says nothing. */
  readonly contract: string | null;
  /** What the version says there. */
  readonly version: string | null;
  /** One sentence for a person. */
  readonly message: string;
}
