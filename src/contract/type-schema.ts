import { jsonInteger } from '../util/exact-json.ts';
import { answerDatetimePattern, requestDatetimePattern } from './datetime-pattern.ts';
import type { Side } from './inclusion.ts';
import type { DataType, Property, ScalarName, TensorDtype } from './signature.ts';

/**
 * A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. Write it with JSON.stringify: integers beyond 2^53
 * (the bounds of a long) are JSON.rawJSON objects, which come out with every digit.
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A value of the type inside a list or an object. */
export function typeSchema(type: DataType, side: Side): JsonSchema {
  switch (type.kind) {
    case 'any':
      return {};
    case 'array':
      return { type: 'array', items: typeSchema(type.items, side) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.values, side) };
    case 'object':
      return objectSchema(
        type.properties.map((property) => [property.name, property, propertySchema(property, side)]),
      );
    default:
      return scalarSchema(type.kind, side);
  }
}

/**
 * A value of the type in a column. A float takes null as NaN there, required or not; inside a list or an object
 * NaN is a text, since null would be no number.
 */
export function columnSchema(type: DataType, required: boolean, side: Side): JsonSchema {
  if (type.kind === 'float' || type.kind === 'double') return orNull(numberSchema(type.kind, infinities));
  const schema = typeSchema(type, side);
  return required ? schema : orNull(schema);
}

function propertySchema(property: Property, side: Side): JsonSchema {
  const schema = typeSchema(property.type, side);
  return property.required ? schema : orNull(schema);
}

/** A closed object of the given members. */
export function objectSchema(
  members: readonly (readonly [name: string, { readonly required: boolean }, JsonSchema])[],
): JsonSchema {
  const required = members.filter(([, { required }]) => required).map(([name]) => name);
  return {
    type: 'object',
    // fromEntries makes own properties, also of a member that is called __proto__.
    properties: Object.fromEntries(members.map(([name, , schema]) => [name, schema])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

const nullSchema: JsonSchema = { type: 'null' };

export function orNull(schema: JsonSchema): JsonSchema {
  if (Object.keys(schema).length === 0) return schema;
  if (typeof schema['type'] === 'string') return { ...schema, type: [schema['type'], 'null'] };
  const alternatives = schema['anyOf'];
  return { anyOf: [...(Array.isArray(alternatives) ? (alternatives as unknown[]) : [schema]), nullSchema] };
}

function scalarSchema(kind: ScalarName, side: Side): JsonSchema {
  switch (kind) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
      return { ...integerSchema('int32'), format: 'int32' };
    case 'long':
      return { ...integerSchema('int64'), format: 'int64' };
    case 'float':
    case 'double':
      return numberSchema(kind, nonFinite);
    case 'string':
      return { type: 'string' };
    case 'binary':
      return { type: 'string', contentEncoding: 'base64', pattern: base64Pattern };
    case 'datetime':
      return datetimeSchema(side);
  }
}

/** A cell of a tensor. */
export function dtypeSchema(dtype: TensorDtype, side: Side): JsonSchema {
  switch (dtype) {
    case 'bool':
      return { type: 'boolean' };
    case 'float16':
    case 'float32':
    case 'float64':
      return orNull(numberSchema(floatKinds[dtype], infinities));
    case 'str':
      return scalarSchema('string', side);
    case 'bytes':
      return scalarSchema('binary', side);
    case 'datetime64':
      return scalarSchema('datetime', side);
    case 'object':
      return {};
    default:
      return integerSchema(dtype);
  }
}

/** Standard base64 with padding, whose unused bits are zero. */
const base64Pattern = '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$';

type IntegerDtype = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

function integerSchema(dtype: IntegerDtype): JsonSchema {
  const bits = BigInt(dtype.replace(/\D/g, ''));
  const signed = dtype.startsWith('int');
  return {
    type: 'integer',
    minimum: bound(signed ? -(2n ** (bits - 1n)) : 0n),
    maximum: bound(2n ** (signed ? bits - 1n : bits) - 1n),
  };
}

function bound(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : jsonInteger(value);
}

type FloatKind = 'half' | 'float' | 'double';
const floatKinds = { float16: 'half', float32: 'float', float64: 'double' } as const;
const largest: Readonly<Record<FloatKind, number>> = {
  half: 65504,
  // The shortest text of the largest float, a little above its value: answers say it, and requests round to it.
  float: 3.4028235e38,
  double: Number.MAX_VALUE,
};

/** A number, or what JSON has no numbers for as text: `specials` of NaN and the infinities. */
function numberSchema(kind: FloatKind, specials: readonly string[]): JsonSchema {
  const format = kind === 'half' ? {} : { format: kind };
  const number = { type: 'number', ...format, minimum: -largest[kind], maximum: largest[kind] };
  return { anyOf: [number, { enum: specials }] };
}

const infinities = ['Infinity', '-Infinity'];
const nonFinite = ['NaN', ...infinities];

function datetimeSchema(side: Side): JsonSchema {
  if (side === 'answer') return { type: 'string', format: 'date-time', pattern: answerDatetimePattern };
  return {
    type: 'string',
    pattern: requestDatetimePattern,
    description: 'ISO 8601; without an offset it is UTC. Up to nanoseconds, from 1677-09-21 to 2262-04-11.',
  };
}
