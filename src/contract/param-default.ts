import { parseDatetime } from '../payload/datetime.ts';
import { Timestamp, type Nested } from '../payload/payload.ts';
import { nestedObject } from './nested.ts';
import type { DataType, ParamSpec } from './signature.ts';

/**
 * The default of a param as a payload holds it: longs as bigint, datetimes as Timestamp. MLflow checked it
 * against the type when the model was logged; what does not fit all the same is passed as it stands.
 */
export function paramDefault(spec: ParamSpec): Nested {
  return readDefault(spec.array ? { kind: 'array', items: spec.type } : spec.type, spec.default);
}

function readDefault(type: DataType, value: unknown): Nested {
  if (Array.isArray(value)) {
    const items: DataType = type.kind === 'array' ? type.items : { kind: 'any' };
    return value.map((item: unknown) => readDefault(items, item));
  }
  if (typeof value === 'object' && value !== null) {
    return nestedObject(
      Object.entries(value).map(([name, inner]) => [name, readDefault(member(type, name), inner)]),
    );
  }
  return readScalar(type, value);
}

function member(type: DataType, name: string): DataType {
  if (type.kind === 'map') return type.values;
  const property = type.kind === 'object' ? type.properties.find((one) => one.name === name) : undefined;
  return property?.type ?? { kind: 'any' };
}

function readScalar(type: DataType, value: unknown): Nested {
  switch (typeof value) {
    case 'number':
      if (type.kind === 'long' && Number.isInteger(value)) return BigInt(value);
      return type.kind === 'float' ? Math.fround(value) : value;
    case 'bigint':
      return type.kind === 'double'
        ? Number(value)
        : type.kind === 'float'
          ? Math.fround(Number(value))
          : value;
    case 'string':
      return type.kind === 'datetime' ? readDatetime(value) : value;
    case 'boolean':
      return value;
    default:
      return null;
  }
}

function readDatetime(text: string): Nested {
  const nanoseconds = parseDatetime(text);
  return typeof nanoseconds === 'bigint' ? new Timestamp(nanoseconds) : text;
}
