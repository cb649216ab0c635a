import type { DataType, Schema, TensorSpec } from '../../src/contract/signature.ts';
import { columnDtype } from '../../src/payload/dtypes.ts';
import { Timestamp, type Nested, type Payload } from '../../src/payload/payload.ts';

/**
 * Whether a payload is exactly one of the schema: columns in order (optional ones may be absent), dtypes, nulls
 * only where allowed, nested values in the form of their types.
 */
export function fits(payload: Payload, schema: Schema): boolean {
  if (schema.kind === 'tensors') {
    return (
      payload.kind === 'tensors' &&
      payload.tensors.length === schema.tensors.length &&
      schema.tensors.every((spec, position) => fitsTensor(payload.tensors[position], spec))
    );
  }
  if (payload.kind !== 'table') return false;
  const present = schema.columns.filter(
    (spec, position) =>
      spec.name === null || payload.columns.some((column) => column.name === schema.columns[position]?.name),
  );
  const absent = schema.columns.filter((spec) => !present.includes(spec));
  return (
    absent.every((spec) => !spec.required) &&
    payload.columns.length === present.length &&
    present.every(({ name, type, required }, position) => {
      const column = payload.columns[position];
      if (column?.name !== name || column.vector.data.length !== payload.rows) return false;
      if (column.vector.dtype !== columnDtype(type.kind)) return false;
      const float = type.kind === 'float' || type.kind === 'double';
      if (column.nulls?.includes(1) === true && (float || (required && type.kind !== 'any'))) return false;
      if (column.vector.dtype !== 'object') return true;
      return column.vector.data.every((cell, row) => column.nulls?.[row] === 1 || fitsNested(cell, type));
    })
  );
}

function fitsTensor(
  tensor: Extract<Payload, { kind: 'tensors' }>['tensors'][number] | undefined,
  spec: TensorSpec,
): boolean {
  if (tensor?.name !== spec.name || tensor.vector.dtype !== spec.dtype) return false;
  const size = tensor.shape.reduce((product, length) => product * length, 1);
  return (
    tensor.vector.data.length === size &&
    tensor.shape.length === spec.shape.length &&
    spec.shape.every((length, axis) => length === -1 || length === tensor.shape[axis])
  );
}

function isMap(value: Nested): value is Readonly<Record<string, Nested>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Timestamp)
  );
}

/** Whether a nested value has exactly the form of its type. */
export function fitsNested(value: Nested, type: DataType): boolean {
  switch (type.kind) {
    case 'any':
      return typeof value !== 'bigint' || !Number.isSafeInteger(Number(value));
    case 'array':
      return (
        Array.isArray(value) && (value as readonly Nested[]).every((item) => fitsNested(item, type.items))
      );
    case 'map':
      return isMap(value) && Object.values(value).every((item) => fitsNested(item, type.values));
    case 'object':
      return (
        isMap(value) &&
        Object.keys(value).every((key) => type.properties.some((property) => property.name === key)) &&
        type.properties.every(({ name, type: inner, required }) => {
          const own = Object.hasOwn(value, name) ? value[name] : undefined;
          return own === undefined || own === null
            ? !required || (own === null && inner.kind === 'any')
            : fitsNested(own, inner);
        })
      );
    case 'long':
      return typeof value === 'bigint';
    case 'integer':
      return typeof value === 'number' && Math.abs(value + 0.5) < 2 ** 31 && Number.isInteger(value);
    case 'float':
      return typeof value === 'number' && Object.is(Math.fround(value), value);
    case 'double':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'binary':
      return value instanceof Uint8Array;
    case 'datetime':
      return value instanceof Timestamp;
  }
}
