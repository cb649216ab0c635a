import type { Nested } from '../payload/payload.ts';
import { isList, isObject, mapObject, plainInteger } from './nested.ts';
import type { DataType, Property } from './signature.ts';

/** Turns a value of one type into the same value of a wider one. Null is the widening that changes nothing. */
export type Widen = ((value: Nested) => Nested) | null;

/** How values of `from` become values of `to`, which includes it; null where they already are. */
export function widening(from: DataType, to: DataType): Widen {
  if (to.kind === 'any') return towardsAny(from);
  switch (from.kind) {
    case 'integer':
      return to.kind === 'long' ? integerToLong : null;
    case 'array':
      return to.kind === 'array' ? items(widening(from.items, to.items)) : null;
    case 'map':
      return to.kind === 'map' ? values(widening(from.values, to.values)) : null;
    case 'object':
      return to.kind === 'object' || to.kind === 'map' ? properties(from.properties, target(to)) : null;
    default:
      return null;
  }
}

/**
 * What makes the longs of a value bigints again where all its integers came as numbers; null where the type has none.
 */
export function restoringLongs(type: DataType): Widen {
  return widening(withoutLongs(type), type);
}

function withoutLongs(type: DataType): DataType {
  switch (type.kind) {
    case 'long':
      return { kind: 'integer' };
    case 'array':
      return { ...type, items: withoutLongs(type.items) };
    case 'map':
      return { ...type, values: withoutLongs(type.values) };
    case 'object':
      return {
        ...type,
        properties: type.properties.map((property) => ({ ...property, type: withoutLongs(property.type) })),
      };
    default:
      return type;
  }
}

const integerToLong = (value: Nested): Nested => (typeof value === 'number' ? BigInt(value) : value);
const longToAny = (value: Nested): Nested => (typeof value === 'bigint' ? plainInteger(value) : value);
/** NaN stands for the null that a float column takes; `any` has the null itself. */
const floatToAny = (value: Nested): Nested => (Number.isNaN(value) ? null : value);

function towardsAny(from: DataType): Widen {
  switch (from.kind) {
    case 'long':
      return longToAny;
    case 'float':
    case 'double':
      return floatToAny;
    case 'array':
      return items(towardsAny(from.items));
    case 'map':
      return values(towardsAny(from.values));
    case 'object':
      return properties(from.properties, towardsAny);
    default:
      return null;
  }
}

function items(widen: Widen): Widen {
  return widen && ((value) => (isList(value) ? value.map(widen) : value));
}

function values(widen: Widen): Widen {
  return widen && ((value) => (isObject(value) ? mapObject(value, widen) : value));
}

type WidenProperty = (type: DataType, name: string) => Widen;

function target(to: Extract<DataType, { kind: 'object' | 'map' }>): WidenProperty {
  if (to.kind === 'map') return (type) => widening(type, to.values);
  const types = new Map(to.properties.map((property) => [property.name, property.type]));
  return (type, name) => {
    const wider = types.get(name);
    return wider === undefined ? null : widening(type, wider);
  };
}

function properties(from: readonly Property[], widenProperty: WidenProperty): Widen {
  const changing = new Map<string, (value: Nested) => Nested>();
  for (const { name, type } of from) {
    const widen = widenProperty(type, name);
    if (widen !== null) changing.set(name, widen);
  }
  if (changing.size === 0) return null;
  const change = (value: Nested, name: string): Nested => {
    const widen = changing.get(name);
    return widen === undefined ? value : widen(value);
  };
  return (value) => (isObject(value) ? mapObject(value, change) : value);
}
