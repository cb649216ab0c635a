import type { Conformed } from '../../src/contract/conform.ts';
import { nestedObject } from '../../src/contract/nested.ts';
import type { ColumnSpec, DataType, Schema, Signature, TensorDtype } from '../../src/contract/signature.ts';
import { Timestamp, type Nested, type Payload, type Table, type Vector } from '../../src/payload/payload.ts';

export function signatureOf(outputs: Schema): Signature {
  return { inputs: null, outputs, params: [], fromTypeHint: false };
}

type Named = readonly (readonly [
  name: string | null,
  type: DataType | ColumnSpec['type']['kind'],
  optional?: 'optional',
])[];

export function columns(...specs: Named): Signature {
  return signatureOf({
    kind: 'columns',
    named: specs[0]?.[0] !== null,
    columns: specs.map(([name, type, optional]) => ({
      name,
      type: typeof type === 'string' ? ({ kind: type } as DataType) : type,
      required: optional === undefined,
    })),
  });
}

export function tensors(
  ...specs: readonly (readonly [name: string | null, dtype: TensorDtype, shape: readonly number[]])[]
): Signature {
  return signatureOf({
    kind: 'tensors',
    named: specs[0]?.[0] !== null,
    tensors: specs.map(([name, dtype, shape]) => ({ name, dtype, shape })),
  });
}

export function frame(
  cells: Readonly<Record<string, Vector>>,
  nulls: Readonly<Record<string, Uint8Array>> = {},
): Table {
  const rows = Object.values(cells)[0]?.data.length ?? 0;
  const made = Object.entries(cells).map(([name, vector]) => ({ name, vector, nulls: nulls[name] ?? null }));
  return { kind: 'table', rows, columns: made };
}

export function series(name: string | null, vector: Vector): Table {
  return { kind: 'table', rows: vector.data.length, columns: [{ name, vector, nulls: null }], series: true };
}

export function array(
  vector: Vector,
  shape: readonly number[] = [vector.data.length],
  name: string | null = null,
): Payload {
  return { kind: 'tensors', tensors: [{ name, shape, vector }] };
}

/** A Python value: plain objects become what the host makes of a dict. */
export function value(plain: unknown): Payload {
  return { kind: 'value', value: nested(plain) };
}

function nested(plain: unknown): Nested {
  if (Array.isArray(plain)) return plain.map(nested);
  if (
    typeof plain !== 'object' ||
    plain === null ||
    plain instanceof Uint8Array ||
    plain instanceof Timestamp
  ) {
    return plain as Nested;
  }
  return nestedObject(Object.entries(plain).map(([name, inner]) => [name, nested(inner)]));
}

export const f64 = (...data: number[]): Vector => ({ dtype: 'float64', data: Float64Array.from(data) });
export const f32 = (...data: number[]): Vector => ({ dtype: 'float32', data: Float32Array.from(data) });
export const i64 = (...data: bigint[]): Vector => ({ dtype: 'int64', data: BigInt64Array.from(data) });
export const i32 = (...data: number[]): Vector => ({ dtype: 'int32', data: Int32Array.from(data) });
export const bools = (...data: number[]): Vector => ({ dtype: 'bool', data: Uint8Array.from(data) });
export const strings = (...data: (string | null)[]): Vector => ({ dtype: 'str', data });
export const objects = (...data: unknown[]): Vector => ({ dtype: 'object', data: data.map(nested) });

export function only(
  conformed: Conformed,
): { readonly vector: Vector; readonly nulls: Uint8Array | null } | string {
  if (!conformed.ok) return conformed.what;
  if (conformed.payload.kind === 'value') return 'a value';
  const [first] = conformed.payload.kind === 'table' ? conformed.payload.columns : conformed.payload.tensors;
  if (first === undefined) return 'nothing';
  return { vector: first.vector, nulls: 'nulls' in first ? first.nulls : null };
}

export const cells = (vector: Vector, nulls: Uint8Array | null = null): unknown => ({ vector, nulls });
