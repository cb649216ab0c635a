import { fail, record, type JsonRecord } from './reading.ts';
import type { DataType, Property, ScalarName } from './signature.ts';
import { pathStep } from './path.ts';

const scalarNames: Readonly<Record<ScalarName, true>> = {
  boolean: true,
  integer: true,
  long: true,
  float: true,
  double: true,
  string: true,
  binary: true,
  datetime: true,
};

export function isScalarName(name: string): name is ScalarName {
  return Object.hasOwn(scalarNames, name);
}

/** Reads the `type` of a column, property, item or value, whose own fields stand inline beside it. */
export function parseType(spec: JsonRecord, path: string, typeName = spec.get('type')): DataType {
  switch (typeName) {
    case 'array':
      return { kind: 'array', items: parseType(record(spec.get('items'), `${path}/items`), `${path}/items`) };
    case 'map':
      return {
        kind: 'map',
        values: parseType(record(spec.get('values'), `${path}/values`), `${path}/values`),
      };
    case 'object':
      return { kind: 'object', properties: parseProperties(spec, `${path}/properties`) };
    case 'any':
      return { kind: 'any' };
    case 'sparkml_vector':
      return { kind: 'array', items: { kind: 'double' } };
    default:
      if (typeof typeName !== 'string') return fail(path, 'no type');
      return isScalarName(typeName) ? { kind: typeName } : fail(path, `the unknown type '${typeName}'`);
  }
}

function parseProperties(spec: JsonRecord, path: string): readonly Property[] {
  const properties = record(spec.get('properties'), path);
  if (properties.size === 0) fail(path, 'an object without properties');
  return [...properties].map(([name, property]) => {
    const at = pathStep(path, name);
    const field = record(property, at);
    return { name, type: parseType(field, at), required: required(field, true) };
  });
}

/** `required` of a column or property: its truth value where it stands (null is false), else the default. */
export function required(spec: JsonRecord, otherwise: boolean): boolean {
  return spec.has('required') ? Boolean(spec.get('required')) : otherwise;
}
