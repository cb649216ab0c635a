import type { Longs } from '../codec/rows.ts';
import type { DataType, ParamSpec, Schema } from '../contract/signature.ts';
import { type Field, type RowShape, rowShape } from './row-shape.ts';

/** JSON Schema as json-schema-to-typescript reads it; `tsType` is a type in its own words. */
export type RowSchema = Readonly<Record<string, unknown>>;

/** One row as the function of a composed model has it: floats are numbers, whatever their value, longs by choice. */
export function rowSchema(schema: Schema | null, longs: Longs): RowSchema {
  if (schema === null) return {};
  if (schema.kind === 'columns' && !schema.named && schema.columns.length > 1) {
    const items = schema.columns.map(({ type }) => typeSchema(type, longs));
    return { type: 'array', items, minItems: items.length, maxItems: items.length };
  }
  return shapeSchema(rowShape(schema), longs);
}

function shapeSchema(shape: RowShape, longs: Longs): RowSchema {
  return shape.kind === 'bare' ? typeSchema(shape.type, longs) : recordSchema([...shape.fields], longs);
}

/** Each with its value there: a composed model's context has the defaults filled in. */
export function paramsSchema(params: readonly ParamSpec[], longs: Longs): RowSchema {
  const fields = params.map(({ name, type, array }): [string, Field] => {
    return [name, { type: array ? { kind: 'array', items: type } : type, required: true }];
  });
  return recordSchema(fields, longs);
}

function recordSchema(fields: readonly (readonly [string, Field])[], longs: Longs): RowSchema {
  const properties = fields.map(([name, { type, required }]) => {
    const schema = typeSchema(type, longs);
    return [name, required ? schema : { anyOf: [schema, { type: 'null' }] }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as unknown,
    required: fields.filter(([, { required }]) => required).map(([name]) => name),
    additionalProperties: false,
  };
}

function typeSchema(type: DataType, longs: Longs): RowSchema {
  switch (type.kind) {
    case 'any':
      return {};
    case 'boolean':
      return { type: 'boolean' };
    case 'long':
      return longs === 'bigint' ? { tsType: 'bigint' } : { type: 'number' };
    case 'integer':
    case 'float':
    case 'double':
      return { type: 'number' };
    case 'string':
    case 'binary':
    case 'datetime':
      return { type: 'string' };
    case 'array':
      return { type: 'array', items: typeSchema(type.items, longs) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.values, longs) };
    case 'object':
      return recordSchema(
        type.properties.map(({ name, ...field }) => [name, field]),
        longs,
      );
  }
}
