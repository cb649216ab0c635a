import type { DataType } from '../../contract/signature.ts';
import { type Nested, type NestedObject, Timestamp } from '../../payload/payload.ts';
import type { JsonStyle } from './style.ts';
import { writeFloat32, writeFloat64 } from './write-number.ts';

const untyped: DataType = { kind: 'any' };

/**
 * A nested value as JSON. The type only says how floats are written (32 bits are shorter than 64) and what NaN
 * becomes; a value that is not of the type is written as what it is.
 */
export function writeNested(value: Nested, type: DataType, style: JsonStyle): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return writeNumber(value, type, style);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return writeCompound(value, type, style);
  }
}

function writeNumber(value: number, type: DataType, style: JsonStyle): string {
  if (Number.isFinite(value)) return type.kind === 'float' ? writeFloat32(value) : writeFloat64(value);
  return type.kind === 'any' ? style.nonFinite(value) : style.nestedNonFinite(value);
}

function writeCompound(
  value: null | Uint8Array | Timestamp | readonly Nested[] | NestedObject,
  type: DataType,
  style: JsonStyle,
): string {
  if (value === null) return 'null';
  if (value instanceof Timestamp) return style.datetime(value.nanoseconds);
  if (value instanceof Uint8Array) return style.bytes(value);
  if (isList(value)) {
    const items = type.kind === 'array' ? type.items : untyped;
    return `[${value.map((item) => writeNested(item, items, style)).join(',')}]`;
  }
  const members = Object.keys(value).map((key) => {
    return `${JSON.stringify(key)}:${writeNested(value[key] ?? null, memberType(type, key), style)}`;
  });
  return `{${members.join(',')}}`;
}

function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}

function memberType(type: DataType, key: string): DataType {
  if (type.kind === 'map') return type.values;
  if (type.kind !== 'object') return untyped;
  return type.properties.find((property) => property.name === key)?.type ?? untyped;
}
