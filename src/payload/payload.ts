/**
 * A payload is a decoded request or answer: a table of typed columns, tensors, or a plain value.
 * Both directions and both protocols use it, and the frames to the Python host carry it.
 */
export type Payload = Table | Tensors | Value;

/** Rows of typed columns; a pandas DataFrame (or, with `series`, a Series) on the Python side. */
export interface Table {
  readonly kind: 'table';
  readonly rows: number;
  readonly columns: readonly Column[];
  /** The model answered a pandas Series: one column, whose name may be null. */
  readonly series?: true;
  /** What the caller calls the rows, one label each; absent: they are numbered from 0. */
  readonly labels?: readonly Nested[];
  /** Cells of array columns reach the model as numpy arrays; absent: as lists. */
  readonly arrays?: true;
}

export interface Column {
  /** Null for a column of an unnamed schema; then its position is its identity. */
  readonly name: string | null;
  readonly vector: Vector;
  /** One byte per row, 1 where the cell is null; null when no cell is. A float's NaN is a value, not a null. */
  readonly nulls: Uint8Array | null;
}

/** Tensors in C order; one with a null name stands alone (a bare ndarray), several are a dict of arrays. */
export interface Tensors {
  readonly kind: 'tensors';
  readonly tensors: readonly Tensor[];
}

export interface Tensor {
  readonly name: string | null;
  /** Dimensions; their product is the vector's length. Empty for a scalar array. */
  readonly shape: readonly number[];
  readonly vector: Vector;
}

/** Anything else: what a model without a signature takes, and what models answer that is no frame or array. */
export interface Value {
  readonly kind: 'value';
  readonly value: Nested;
}

/** A typed run of cells. `dtype` uses numpy's names; the data of a null cell is zero, '' or null and means nothing. */
export type Vector =
  | { readonly dtype: 'bool'; readonly data: Uint8Array }
  | { readonly dtype: 'int8'; readonly data: Int8Array }
  | { readonly dtype: 'int16'; readonly data: Int16Array }
  | { readonly dtype: 'int32'; readonly data: Int32Array }
  | { readonly dtype: 'int64'; readonly data: BigInt64Array }
  | { readonly dtype: 'uint8'; readonly data: Uint8Array }
  | { readonly dtype: 'uint16'; readonly data: Uint16Array }
  | { readonly dtype: 'uint32'; readonly data: Uint32Array }
  | { readonly dtype: 'uint64'; readonly data: BigUint64Array }
  | { readonly dtype: 'float16'; readonly data: Float16Array }
  | { readonly dtype: 'float32'; readonly data: Float32Array }
  | { readonly dtype: 'float64'; readonly data: Float64Array }
  /** Nanoseconds since the epoch, UTC, as numpy's datetime64[ns]. */
  | { readonly dtype: 'datetime64'; readonly data: BigInt64Array }
  | { readonly dtype: 'str'; readonly data: readonly (string | null)[] }
  | { readonly dtype: 'bytes'; readonly data: readonly (Uint8Array | null)[] }
  /** Array, object, map and any cells, and numpy's object arrays. */
  | { readonly dtype: 'object'; readonly data: readonly Nested[] };

export type Dtype = Vector['dtype'];

/**
 * A nested value. Integers are `number` while they are safe, else `bigint`; a long of a schema is always
 * `bigint`. Objects have no prototype, so that `__proto__` is a name like any other.
 */
export type Nested =
  null | boolean | number | bigint | string | Uint8Array | Timestamp | readonly Nested[] | NestedObject;

export interface NestedObject {
  readonly [name: string]: Nested;
}

/** A datetime inside a nested value. A class, so that it cannot be mistaken for an object of the model's. */
export class Timestamp {
  /** Nanoseconds since the epoch, UTC. */
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** Params of one request by name: what the contract's defaults and the caller's values add up to. */
export type Params = ReadonlyMap<string, Nested>;

export const noParams: Params = new Map();
