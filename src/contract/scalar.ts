import type { ColumnSchema, DataType, ScalarName } from './signature.ts';

/** A type whose values are no lists and no objects. Of `any` nobody knows. */
export function isScalar(type: DataType): type is { readonly kind: ScalarName } {
  switch (type.kind) {
    case 'array':
    case 'object':
    case 'map':
    case 'any':
      return false;
    default:
      return true;
  }
}

/** One unnamed column of scalars: its row is the value itself, which no list can be mistaken for. */
export function hasBareRow({ named, columns }: ColumnSchema): boolean {
  return !named && columns.length === 1 && columns.every(({ type }) => isScalar(type));
}
