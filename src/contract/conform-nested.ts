import { columnDtype } from '../payload/dtypes.ts';
import type { Nested, NestedObject } from '../payload/payload.ts';
import { gotWords } from './conform-cells.ts';
import { readScalar } from './conform-scalar.ts';
import { kindOf, Misfit } from './misfit.ts';
import { isList, isObject, nestedObject } from './nested.ts';
import type { DataType, Property } from './signature.ts';

/** The value as one of the type: longs as bigint, properties that the type does not name left out. */
export function conformNested(type: DataType, value: Nested): Nested | Misfit {
  switch (type.kind) {
    case 'any':
      return value;
    case 'array':
      return isList(value) ? conformItems(type.items, value) : new Misfit('array', kindOf(value));
    case 'map':
      return isObject(value) ? conformValues(type.values, value) : new Misfit('map', kindOf(value));
    case 'object':
      return isObject(value)
        ? conformProperties(type.properties, value)
        : new Misfit('object', kindOf(value));
    default: {
      // A missing number is NaN, as in a column; the answer says null for both.
      if (value === null && (type.kind === 'float' || type.kind === 'double')) return Number.NaN;
      const dtype = columnDtype(type.kind);
      return readScalar(dtype, value, false) ?? new Misfit(type.kind, gotWords(dtype, value));
    }
  }
}

function conformItems(type: DataType, list: readonly Nested[]): Nested | Misfit {
  const items: Nested[] = [];
  for (let index = 0; index < list.length; index++) {
    const conformed = conformNested(type, list[index] ?? null);
    if (conformed instanceof Misfit) return conformed.within(index);
    items.push(conformed);
  }
  return items;
}

function conformValues(type: DataType, object: NestedObject): Nested | Misfit {
  const entries: [string, Nested][] = [];
  for (const [name, value] of Object.entries(object)) {
    const conformed = conformNested(type, value);
    if (conformed instanceof Misfit) return conformed.within(name);
    entries.push([name, conformed]);
  }
  return nestedObject(entries);
}

function conformProperties(properties: readonly Property[], object: NestedObject): Nested | Misfit {
  const made = Object.create(null) as Record<string, Nested>;
  for (const { name, type, required } of properties) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value === undefined) {
      if (required) return new Misfit(type.kind, 'nothing').within(name);
      continue;
    }
    const conformed = value === null && !required ? null : conformNested(type, value);
    if (conformed instanceof Misfit) return conformed.within(name);
    made[name] = conformed;
  }
  return made;
}
