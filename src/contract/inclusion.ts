import type { DataType, Property, ScalarName, TensorDtype, TensorSpec } from './signature.ts';

/**
 * In which direction values travel. Requests decode base64 and ISO text where the schema says binary or
 * datetime, and not under `any`; in answers such text is a fine value of `any`.
 */
export type Side = 'request' | 'answer';

export type Change = 'widened' | 'narrowed' | 'changed';

/** How a type that is not equal changed, from `included(a, b)` and `included(b, a)`. */
export function change(aInB: boolean, bInA: boolean): Change {
  if (aInB && !bInA) return 'widened';
  return bInA && !aInB ? 'narrowed' : 'changed';
}

const exactScalars: Readonly<Partial<Record<ScalarName, readonly ScalarName[]>>> = {
  integer: ['long', 'double'],
  float: ['double'],
};

/** X is included in Y: every value of X is, unchanged and with the same meaning, a value of Y. */
export function included(x: DataType, y: DataType, side: Side): boolean {
  if (y.kind === 'any') return x.kind === 'any' || side === 'answer' || !holdsEncodedText(x);
  switch (x.kind) {
    case 'any':
      return false;
    case 'array':
      return y.kind === 'array' && included(x.items, y.items, side);
    case 'map':
      return y.kind === 'map' && included(x.values, y.values, side);
    case 'object':
      if (y.kind === 'object') return objectIncluded(x.properties, y.properties, side);
      return y.kind === 'map' && fitsMap(x.properties, y.values, side);
    default:
      return x.kind === y.kind || (exactScalars[x.kind]?.some((kind) => kind === y.kind) ?? false);
  }
}

function objectIncluded(x: readonly Property[], y: readonly Property[], side: Side): boolean {
  const ofY = new Map(y.map((property) => [property.name, property]));
  const ofX = new Set(x.map((property) => property.name));
  const fits = x.every((mine) => {
    const theirs = ofY.get(mine.name);
    if (theirs === undefined || (theirs.required && !mine.required)) return false;
    return included(mine.type, theirs.type, side);
  });
  return fits && y.every((theirs) => ofX.has(theirs.name) || !theirs.required);
}

/** An optional property may be null, and null is a value only of a map of `any`. */
function fitsMap(properties: readonly Property[], values: DataType, side: Side): boolean {
  return properties.every(
    (property) => (property.required || values.kind === 'any') && included(property.type, values, side),
  );
}

function holdsEncodedText(type: DataType): boolean {
  switch (type.kind) {
    case 'binary':
    case 'datetime':
      return true;
    case 'array':
      return holdsEncodedText(type.items);
    case 'map':
      return holdsEncodedText(type.values);
    case 'object':
      return type.properties.some((property) => holdsEncodedText(property.type));
    default:
      return false;
  }
}

/** The dtypes that hold every value of a dtype exactly, itself aside. */
const exactDtypes: Readonly<Partial<Record<TensorDtype, readonly TensorDtype[]>>> = {
  int8: ['int16', 'int32', 'int64', 'float16', 'float32', 'float64'],
  int16: ['int32', 'int64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  uint8: ['uint16', 'uint32', 'uint64', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64'],
  uint16: ['uint32', 'uint64', 'int32', 'int64', 'float32', 'float64'],
  uint32: ['uint64', 'int64', 'float64'],
  float16: ['float32', 'float64'],
  float32: ['float64'],
};

export function dtypeIncluded(x: TensorDtype, y: TensorDtype): boolean {
  return x === y || (exactDtypes[x]?.includes(y) ?? false);
}

export function shapeIncluded(x: TensorSpec['shape'], y: TensorSpec['shape']): boolean {
  return x.length === y.length && x.every((dimension, axis) => y[axis] === -1 || y[axis] === dimension);
}
