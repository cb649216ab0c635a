/**
 * MLflow's signature JSON as TypeScript, and the rows it describes: what `/serve` takes and answers, except that a
 * float may be NaN or an infinity. Nothing here exists at run time.
 */

type ScalarJson = 'boolean' | 'integer' | 'long' | 'float' | 'double' | 'string' | 'binary' | 'datetime';

export type TypeJson =
  | { readonly type: ScalarJson | 'any' }
  | { readonly type: 'array'; readonly items: TypeJson }
  | { readonly type: 'map'; readonly values: TypeJson }
  | {
      readonly type: 'object';
      readonly properties: Readonly<Record<string, TypeJson & { readonly required?: boolean }>>;
    };

/** A column; a scalar is required unless it says otherwise, anything else only if it says so. */
export type ColumnJson = TypeJson & { readonly name?: string; readonly required?: boolean };

export interface TensorJson {
  readonly type: 'tensor';
  readonly name?: string;
  readonly 'tensor-spec': { readonly dtype: string; readonly shape: readonly number[] };
}

/** `inputs` or `outputs` of a signature. */
export type SchemaJson = readonly (ColumnJson | TensorJson)[];

export type ParamJson = TypeJson & {
  readonly name: string;
  readonly default: unknown;
  readonly shape?: null | readonly [-1];
};

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

interface Scalars<Long> {
  boolean: boolean;
  integer: number;
  long: Long;
  float: number;
  double: number;
  string: string;
  binary: string;
  datetime: string;
  any: unknown;
}

/** A value of a type. */
export type ValueOf<Type, Long> = Type extends { readonly type: keyof Scalars<Long> }
  ? Scalars<Long>[Type['type']]
  : Type extends { readonly type: 'array'; readonly items: infer Items }
    ? readonly ValueOf<Items, Long>[]
    : Type extends { readonly type: 'map'; readonly values: infer Values }
      ? Readonly<Record<string, ValueOf<Values, Long>>>
      : Type extends { readonly type: 'object'; readonly properties: infer Properties }
        ? Flat<
            {
              readonly [
                Key in keyof Properties as Properties[Key] extends { readonly required: false } ? never : Key
              ]: ValueOf<Properties[Key], Long>;
            } & {
              readonly [
                Key in keyof Properties as Properties[Key] extends { readonly required: false } ? Key : never
              ]?: ValueOf<Properties[Key], Long> | null;
            }
          >
        : unknown;

type IsOptional<Column> = Column extends { readonly required: infer Required }
  ? Required extends false
    ? true
    : false
  : Column extends { readonly type: ScalarJson | 'tensor' }
    ? false
    : true;

type Named<Schema extends SchemaJson> = Extract<Schema[number], { readonly name: string }>;

type Cell<Spec, Long> = Spec extends TensorJson ? TensorRow<Spec['tensor-spec'], Long> : ValueOf<Spec, Long>;

/** One row of a tensor whose first dimension is free; otherwise a row is the whole, which no type says here. */
type TensorRow<Spec extends TensorJson['tensor-spec'], Long> = Spec['shape'] extends readonly [
  -1,
  ...infer Inner extends readonly number[],
]
  ? Lists<Inner, Element<Spec['dtype'], Long>>
  : unknown;

type Lists<Shape extends readonly number[], Item> = Shape extends readonly [
  number,
  ...infer Inner extends readonly number[],
]
  ? readonly Lists<Inner, Item>[]
  : Item;

type Element<Dtype extends string, Long> = Dtype extends 'int64' | 'uint64'
  ? Long
  : Dtype extends `${'u' | ''}int${string}` | `float${string}`
    ? number
    : Dtype extends 'bool'
      ? boolean
      : Dtype extends 'str' | 'bytes' | 'datetime64'
        ? string
        : unknown;

type NamedRow<Column, Long> = Flat<
  {
    readonly [
      Each in Column as Each extends { readonly name: infer Name extends string }
        ? IsOptional<Each> extends true
          ? never
          : Name
        : never
    ]: Cell<Each, Long>;
  } & {
    readonly [
      Each in Column as Each extends { readonly name: infer Name extends string }
        ? IsOptional<Each> extends true
          ? Name
          : never
        : never
    ]?: Cell<Each, Long> | null;
  }
>;

/**
 * A row: an object of named columns, the bare value of one unnamed column, a list of several. Unknown where the schema
 * is not written out: a list of who knows which columns would be expanded without an end.
 */
export type RowOf<Schema extends SchemaJson, Long> = number extends Schema['length']
  ? unknown
  : [Named<Schema>] extends [never]
    ? Schema extends readonly [infer Only]
      ? Cell<Only, Long>
      : { readonly [Index in keyof Schema]: Cell<Schema[Index], Long> }
    : NamedRow<Schema[number], Long>;

/** The params of a call, defaults filled in. */
export type ParamsOf<Params extends readonly ParamJson[], Long> = Flat<{
  readonly [Each in Params[number] as Each['name']]: Each extends { readonly shape: readonly [-1] }
    ? readonly ValueOf<Each, Long>[]
    : ValueOf<Each, Long>;
}>;
