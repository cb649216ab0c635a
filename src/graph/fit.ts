import { included } from '../contract/inclusion.ts';
import type { DataType, Property } from '../contract/signature.ts';

/**
 * Whether some value of `from` can be one of `to`. What cannot be is refused at the start; whether each value is, is
 * checked when it comes.
 */
export function mayFit(from: DataType, to: DataType): boolean {
  if (from.kind === 'any' || to.kind === 'any') return true;
  if (isNumber(from) && isNumber(to)) return true;
  switch (from.kind) {
    case 'array':
      return to.kind === 'array' && mayFit(from.items, to.items);
    case 'map':
      return to.kind === 'map' ? mayFit(from.values, to.values) : to.kind === 'object';
    case 'object':
      if (to.kind === 'map') return from.properties.every(({ type }) => mayFit(type, to.values));
      return to.kind === 'object' && objectMayFit(from.properties, to.properties);
    default:
      // Text may say a moment, or bytes.
      return (
        from.kind === to.kind || (from.kind === 'string' && (to.kind === 'datetime' || to.kind === 'binary'))
      );
  }
}

function objectMayFit(from: readonly Property[], to: readonly Property[]): boolean {
  const given = new Map(from.map((property) => [property.name, property.type]));
  return to.every(({ name, type, required }) => {
    const source = given.get(name);
    return source === undefined ? !required : mayFit(source, type);
  });
}

export function isNumber({ kind }: DataType): boolean {
  return kind === 'integer' || kind === 'long' || kind === 'float' || kind === 'double';
}

/**
 * The type of a field of the request that goes to several members: the widest whose every value each of them takes,
 * a double being rounded by one that computes in floats. Null where there is none.
 */
export function sharedType(types: readonly DataType[]): DataType | null {
  const common = types.filter((type) => types.every((other) => takes(other, type)));
  return common.find((type) => common.every((other) => included(other, type, 'request'))) ?? null;
}

function takes(member: DataType, given: DataType): boolean {
  return included(given, member, 'request') || (given.kind === 'double' && member.kind === 'float');
}
