import type { InputOf, Member, MemberGiven, OutputOf } from './member-types.ts';
import type { ParamJson, ParamsOf, RowOf, SchemaJson } from './signature-types.ts';

type Members = Readonly<Record<string, MemberGiven>>;
type Long<Longs> = Longs extends 'bigint' ? bigint : number;

/** A schema of MLflow's signature JSON, or the name of the member whose schema it is. */
type Schema<Given extends Members> = SchemaJson | (keyof Given & string);

type InputRow<Given extends Members, Inputs, Longs> = Inputs extends keyof Given
  ? InputOf<Given[Inputs]>
  : Inputs extends SchemaJson
    ? RowOf<Inputs, Long<Longs>>
    : never;

type OutputRow<Given extends Members, Outputs, Longs> = Outputs extends keyof Given
  ? OutputOf<Given[Outputs]>
  : Outputs extends SchemaJson
    ? RowOf<Outputs, Long<Longs>>
    : never;

type MemberFunctions<Given extends Members> = { readonly [Name in keyof Given]: Member<Given[Name]> };

/** What a function knows of the call beside its rows. */
export interface ComposeContext<Params = Readonly<Record<string, unknown>>> {
  readonly params: Params;
  /** Aborts when the caller leaves, at the deadline, and when the call has its answer. Members have it already. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}

interface Described<Given, Inputs, Outputs, Params, Longs> {
  readonly description?: string;
  /** By the name the function has for each. */
  readonly members: Given;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly params?: Params;
  /** What a long is in the rows: a number (default), of which an unsafe one is an error, or a bigint. */
  readonly longs?: Longs;
}

interface PerRow<
  Given extends Members,
  Inputs,
  Outputs,
  Params extends readonly ParamJson[],
  Longs,
> extends Described<Given, Inputs, Outputs, Params, Longs> {
  readonly batch?: false;
  readonly predict: (
    row: InputRow<Given, Inputs, Longs>,
    members: MemberFunctions<Given>,
    context: ComposeContext<ParamsOf<Params, Long<Longs>>>,
  ) => Promise<OutputRow<Given, Outputs, Longs>> | OutputRow<Given, Outputs, Longs>;
}

interface PerList<
  Given extends Members,
  Inputs,
  Outputs,
  Params extends readonly ParamJson[],
  Longs,
> extends Described<Given, Inputs, Outputs, Params, Longs> {
  readonly batch: true;
  readonly predict: (
    rows: readonly InputRow<Given, Inputs, Longs>[],
    members: MemberFunctions<Given>,
    context: ComposeContext<ParamsOf<Params, Long<Longs>>>,
  ) => Promise<readonly OutputRow<Given, Outputs, Longs>[]> | readonly OutputRow<Given, Outputs, Longs>[];
}

/** A composed model under `graphs` of the config file. */
export interface GraphDefinition {
  readonly compose?: unknown;
  readonly pipeline?: unknown;
  readonly condition?: unknown;
  readonly ensemble?: unknown;
}

/**
 * A composed model that is code: an async function over its members, once for each row, or with `batch: true` once
 * for the list of a request. Its contract is declared in MLflow's signature JSON, or taken from a member by name.
 *
 * @example
 * compose({
 *   members: { gate: 'model_one', expert: 'model_two@production' },
 *   inputs: 'gate',
 *   outputs: [{ name: 'score', type: 'double' }],
 *   async predict(row, { gate, expert }) {
 *     const first = await gate(row);
 *     return first.score > 0.5 ? await expert(row) : first;
 *   },
 * });
 */
export function compose<
  const Given extends Members,
  const Inputs extends Schema<Given>,
  const Outputs extends Schema<Given>,
  const Params extends readonly ParamJson[] = readonly [],
  const Longs extends 'number' | 'bigint' = 'number',
>(definition: PerList<Given, Inputs, Outputs, Params, Longs>): GraphDefinition;
// One signature of a union would leave the arguments of `predict` without types.
export function compose<
  const Given extends Members,
  const Inputs extends Schema<Given>,
  const Outputs extends Schema<Given>,
  const Params extends readonly ParamJson[] = readonly [],
  const Longs extends 'number' | 'bigint' = 'number',
>(
  // eslint-disable-next-line @typescript-eslint/unified-signatures
  definition: PerRow<Given, Inputs, Outputs, Params, Longs>,
): GraphDefinition;
export function compose(definition: object): GraphDefinition {
  return { compose: definition };
}
