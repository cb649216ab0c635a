import { describeType } from '../contract/describe-type.ts';
import type { DataType } from '../contract/signature.ts';
import type { Scalar, Criterion } from './definition.ts';
import { isNumber, mayFit } from './fit.ts';

/** Whether a value passes. Pure. */
export function passes(criterion: Criterion, value: unknown): boolean {
  switch (criterion.comparison) {
    case 'above':
      return isComparable(value) && value > criterion.against;
    case 'below':
      return isComparable(value) && value < criterion.against;
    case 'atLeast':
      return isComparable(value) && value >= criterion.against;
    case 'atMost':
      return isComparable(value) && value <= criterion.against;
    case 'equals':
      return isSame(value, criterion.against);
    case 'oneOf':
      return criterion.against.some((each) => isSame(value, each));
  }
}

function isComparable(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A long that is no safe number is a bigint in the rows. */
function isSame(value: unknown, against: Scalar): boolean {
  if (typeof value !== 'bigint') return value === against;
  return typeof against === 'number' && Number.isInteger(against) && value === BigInt(against);
}

/** The type of a field that nothing but the criterion says anything about. */
export function testedType(criterion: Criterion): DataType {
  if (criterion.comparison === 'equals') return scalarType(criterion.against);
  if (criterion.comparison !== 'oneOf') return { kind: 'double' };
  const types = criterion.against.map(scalarType);
  return types.find(({ kind }) => kind === 'double') ?? types[0] ?? { kind: 'any' };
}

/** Why no value of the type can pass; null where some can. */
export function cannotPass(criterion: Criterion, type: DataType): string | null {
  const ordered = criterion.comparison !== 'equals' && criterion.comparison !== 'oneOf';
  const fits = ordered
    ? isNumber(type) || type.kind === 'any'
    : [criterion.against].flat().every((each) => mayFit(scalarType(each), type));
  return fits ? null : `${describeType(type)} is never ${criterionWords(criterion)}`;
}

function scalarType(value: Scalar): DataType {
  if (typeof value === 'string') return { kind: 'string' };
  if (typeof value === 'boolean') return { kind: 'boolean' };
  return { kind: Number.isSafeInteger(value) ? 'long' : 'double' };
}

const signs = { above: '>', below: '<', atLeast: '>=', atMost: '<=', equals: '=', oneOf: 'in' } as const;

/** `> 0.5`. */
export function criterionWords({ comparison, against }: Criterion): string {
  return `${signs[comparison]} ${JSON.stringify(against)}`;
}
