/**
 * A model's MLflow signature, parsed. MLFLOW.md section 2 has the grammar; `parseSignature` reads it.
 * @see https://mlflow.org/docs/latest/ml/model/signatures/
 */
export interface Signature {
  /** Null: the model says nothing about this part. */
  readonly inputs: Schema | null;
  readonly outputs: Schema | null;
  /** Empty when the model takes none. */
  readonly params: readonly ParamSpec[];
  /** The signature was derived from Python type hints, which changes what MLflow's protocol takes. */
  readonly fromTypeHint: boolean;
}

/** Columns or tensors, never both; all named or all unnamed; never empty. */
export type Schema = ColumnSchema | TensorSchema;

export interface ColumnSchema {
  readonly kind: 'columns';
  readonly named: boolean;
  readonly columns: readonly ColumnSpec[];
}

export interface ColumnSpec {
  /** Null when the schema is unnamed. */
  readonly name: string | null;
  readonly type: DataType;
  readonly required: boolean;
}

export interface TensorSchema {
  readonly kind: 'tensors';
  readonly named: boolean;
  readonly tensors: readonly TensorSpec[];
}

export interface TensorSpec {
  readonly name: string | null;
  readonly dtype: TensorDtype;
  /** -1 is a free dimension. */
  readonly shape: readonly number[];
}

/** numpy dtype names as MLflow writes them. */
export type TensorDtype =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'str'
  | 'bytes'
  | 'object'
  | 'datetime64';

export type ScalarName =
  'boolean' | 'integer' | 'long' | 'float' | 'double' | 'string' | 'binary' | 'datetime';

export type DataType =
  | { readonly kind: ScalarName }
  | { readonly kind: 'array'; readonly items: DataType }
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  | { readonly kind: 'map'; readonly values: DataType }
  | { readonly kind: 'any' };

export interface Property {
  readonly name: string;
  readonly type: DataType;
  readonly required: boolean;
}

export interface ParamSpec {
  readonly name: string;
  readonly type: DataType;
  /** True for a one-dimensional array (`shape: [-1]`). */
  readonly array: boolean;
  /** As JSON says it, integers beyond 2^53 as bigint. */
  readonly default: unknown;
}
