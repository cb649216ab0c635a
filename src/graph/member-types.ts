import type { Models } from './models.ts';

/**
 * Which model a member is: `NAME`, `NAME/2`, `NAME@alias` (MLflow's URI without its scheme), or the same with more
 * said about it. A composed model is named like a registered one.
 */
export type MemberGiven = string | MemberOptions;

export interface MemberOptions {
  /** `NAME`, `NAME/2`, `NAME@alias`. */
  readonly model: string;
  /** Params of every call, over which those of a call go. */
  readonly params?: Readonly<Record<string, unknown>>;
  /**
   * What happens when it fails: the call fails (`fail`, the default), it is left out (`omit`: out of the vote or the
   * mean, `undefined` in a function), or it is taken to have answered the default.
   */
  readonly onError?: 'fail' | 'omit' | { readonly default: unknown };
}

declare const rows: unique symbol;

/** A member whose rows were typed by hand, see `member`. */
export interface TypedMember<Input, Output> extends MemberOptions {
  readonly [rows]?: { readonly input: Input; readonly output: Output };
}

/** A member of types that `countersign types` does not know: `member<{ text: string }, { score: number }>('NAME')`. */
export function member<Input, Output>(given: MemberGiven): TypedMember<Input, Output> {
  return typeof given === 'string' ? { model: given } : given;
}

type NameOf<Model> = Model extends `${infer Name}/${string}`
  ? Name
  : Model extends `${infer Name}@${string}`
    ? Name
    : Model;

/** What was said of a member's rows by hand, else what `countersign types` wrote; where neither did, they are unknown. */
type EntryOf<Given> = Given extends string
  ? EntryNamed<NameOf<Given>>
  : Given extends TypedMember<infer Input, infer Output>
    ? [unknown, unknown] extends [Input, Output]
      ? EntryNamed<NameOf<Given['model']>>
      : { readonly input: Input; readonly output: Output }
    : UnknownRows;

type EntryNamed<Name> = Name extends keyof Models ? Models[Name] : UnknownRows;

interface UnknownRows {
  readonly input: unknown;
  readonly output: unknown;
}

export type InputOf<Given> = EntryOf<Given> extends { readonly input: infer Input } ? Input : unknown;

export type OutputOf<Given> = EntryOf<Given> extends { readonly output: infer Output } ? Output : unknown;

type CallParams<Given> =
  EntryOf<Given> extends { readonly params: infer Params }
    ? Partial<Params>
    : Readonly<Record<string, unknown>>;

type Answer<Given> = Given extends { readonly onError: 'omit' }
  ? OutputOf<Given> | undefined
  : OutputOf<Given>;
type Answers<Given> = Given extends { readonly onError: 'omit' }
  ? readonly OutputOf<Given>[] | undefined
  : readonly OutputOf<Given>[];

/** A member as a function has it. Rows are checked against the member's contract, both ways. */
export interface Member<Given = MemberGiven> {
  /** One row in, its output out. Calls of one turn of the event loop go to the model together. */
  (row: InputOf<Given>, params?: CallParams<Given>): Promise<Answer<Given>>;
  /** A list of rows in one request; as many outputs, in order. */
  rows(rows: readonly InputOf<Given>[], params?: CallParams<Given>): Promise<Answers<Given>>;
}
