import { compareFields, type Field } from './compare-fields.ts';
import type { Difference } from './contract.ts';
import { describeField, describeType } from './describe-type.ts';
import { difference, type Place } from './difference.ts';
import { change, included } from './inclusion.ts';
import { pathStep } from './path.ts';
import type { DataType, Property } from './signature.ts';

/** Differences of two types at a place, found at the first level where the constructors differ. */
export function compareTypes(place: Place, a: DataType, b: DataType): readonly Difference[] {
  if (a.kind === 'array' && b.kind === 'array') return compareTypes(within(place, 'items'), a.items, b.items);
  if (a.kind === 'map' && b.kind === 'map') return compareTypes(within(place, 'values'), a.values, b.values);
  if (a.kind === 'object' && b.kind === 'object') {
    return compareFields(
      propertyFields(place, a.properties),
      propertyFields(place, b.properties),
      compareTypes,
    );
  }
  if (a.kind === b.kind) return [];
  const side = place.subject === 'output' ? 'answer' : 'request';
  const how = change(included(a, b, side), included(b, a, side));
  return [difference(place, `type_${how}`, { contract: describeType(a), version: describeType(b) })];
}

function within(place: Place, step: 'items' | 'values'): Place {
  return { ...place, path: pathStep(place.path, step), words: `the ${step} of ${place.words}` };
}

function propertyFields(place: Place, properties: readonly Property[]): readonly Field<DataType>[] {
  return properties.map(({ name, type, required }) => ({
    key: name,
    place: {
      ...place,
      path: pathStep(`${place.path}/properties`, name),
      words: `property \`${name}\` of ${place.words}`,
    },
    required,
    said: describeField(type, required),
    spec: type,
  }));
}
