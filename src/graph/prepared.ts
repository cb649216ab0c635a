import type { Longs } from '../codec/rows.ts';
import type { Schema, Signature } from '../contract/signature.ts';
import type { MemberSpec } from './definition.ts';
import { invalid } from './reading.ts';

/** The contracts of a composed model's members, by what it calls them. */
export type Contracts = ReadonlyMap<string, Signature | null>;

/** A composed model whose members are known: its contract, and how it answers. */
export interface Prepared {
  readonly signature: Signature;
  readonly longs: Longs;
  /** As many outputs as rows, in order, not checked yet. */
  run(run: Run): Promise<readonly unknown[]>;
}

/** One call of a composed model. */
export interface Run {
  readonly rows: readonly unknown[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Asks a member; null: it failed and is left out. */
  readonly ask: Ask;
}

export type Ask = (
  member: MemberSpec,
  rows: readonly unknown[],
  params: Readonly<Record<string, unknown>>,
) => Promise<readonly unknown[] | null>;

/** One side of a member's contract. Throws INVALID_GRAPH where the model was logged without it. */
export function schemaOf(
  { name, model }: MemberSpec,
  side: 'inputs' | 'outputs',
  contracts: Contracts,
  where: string,
): Schema {
  const schema = contracts.get(name)?.[side] ?? null;
  if (schema !== null) return schema;
  throw invalid(where, `nothing says the ${side} of '${model}', which was logged without them`);
}

/** `graphs.NAME`, the place that errors name. */
export function placeOf({ name }: { readonly name: string }): string {
  return `graphs.${name}`;
}
