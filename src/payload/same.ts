import { type Column, type Nested, type Payload, type Tensor, Timestamp, type Vector } from './payload.ts';

/**
 * How far two floats may lie apart and still be the same answer: summing in another order, as BLAS does in a
 * larger batch, moves the last bits of a float32.
 */
export const tolerance = { relative: 1e-5, absolute: 1e-6 } as const;

/** Equal answers: kinds, names, shapes, strings, integers and times exactly, floats within `tolerance`. */
export function samePayload(a: Payload, b: Payload): boolean {
  if (a.kind === 'table' && b.kind === 'table') {
    return a.rows === b.rows && a.series === b.series && sameList(a.columns, b.columns, sameColumn);
  }
  if (a.kind === 'tensors' && b.kind === 'tensors') return sameList(a.tensors, b.tensors, sameTensor);
  return a.kind === 'value' && b.kind === 'value' && sameNested(a.value, b.value);
}

function sameColumn(a: Column, b: Column): boolean {
  if (a.name !== b.name || a.vector.dtype !== b.vector.dtype) return false;
  return sameVector(a.vector, b.vector, (index) => {
    const nulls = [a.nulls?.[index] === 1, b.nulls?.[index] === 1];
    return nulls[0] === nulls[1] ? nulls[0] === true : null;
  });
}

function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.name !== b.name || a.vector.dtype !== b.vector.dtype) return false;
  return sameList(a.shape, b.shape, Object.is) && sameVector(a.vector, b.vector, () => false);
}

/** `bothNull` says whether both cells are null; null when only one is. */
function sameVector(a: Vector, b: Vector, bothNull: (index: number) => boolean | null): boolean {
  if (a.data.length !== b.data.length) return false;
  for (let index = 0; index < a.data.length; index++) {
    const nulls = bothNull(index);
    if (nulls === null) return false;
    if (!nulls && !sameNested(a.data[index] ?? null, b.data[index] ?? null)) return false;
  }
  return true;
}

function sameNested(a: Nested, b: Nested): boolean {
  if (typeof a === 'number' && typeof b === 'number') return sameNumber(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanoseconds === b.nanoseconds;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameList([...a], [...b], Object.is);
  if (isList(a) && isList(b)) return sameList(a, b, sameNested);
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && sameNested(a[name] ?? null, b[name] ?? null))
    );
  }
  return Object.is(a, b);
}

function sameNumber(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  const distance = Math.abs(a - b);
  return (
    distance <= tolerance.absolute || distance <= tolerance.relative * Math.max(Math.abs(a), Math.abs(b))
  );
}

function sameList<Item>(
  a: readonly Item[],
  b: readonly Item[],
  same: (a: Item, b: Item) => boolean,
): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index] as Item));
}

function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}

function isObject(value: Nested): value is Readonly<Record<string, Nested>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Timestamp)
  );
}
