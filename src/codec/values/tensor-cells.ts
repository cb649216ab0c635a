import type { TensorSpec } from '../../contract/signature.ts';
import { emptyVector } from '../../payload/dtypes.ts';
import type { Vector } from '../../payload/payload.ts';
import { Faults, step } from './faults.ts';
import type { ElementReader } from './read-element.ts';
import { expected } from './words.ts';

/**
 * The dimensions of one nested list, given those that the schema fixes: a free one is as long as the first list
 * found there (0 beneath an empty one).
 */
export function measure(value: unknown, dimensions: readonly number[]): readonly number[] {
  let at = value;
  return dimensions.map((dimension) => {
    const list: readonly unknown[] = Array.isArray(at) ? at : [];
    at = list[0];
    return dimension === -1 ? list.length : dimension;
  });
}

/**
 * How deep lists are nested, along their first items, down to `most`. Beneath an empty list there could be any
 * depth: `most`.
 */
export function listDepth(value: unknown, most: number): number {
  let depth = 0;
  for (let at = value; Array.isArray(at) && depth < most; at = at[0] as unknown) {
    if (at.length === 0) return most;
    depth++;
  }
  return depth;
}

/** How deep lists are nested along their first items, an empty one being the last. */
export function countLists(value: unknown, most: number): number {
  let depth = 0;
  for (let at = value; Array.isArray(at) && depth < most; at = at[0] as unknown) depth++;
  return depth;
}

/**
 * Reads values that are each `dimensions` deep into one vector, or says all that is wrong with each. Memory is
 * taken only once all lists are known to be as long as the dimensions say.
 */
export function readCells(
  spec: TensorSpec,
  read: ElementReader,
  values: readonly unknown[],
  dimensions: readonly number[],
): Vector | readonly Faults[] {
  if (values.some((value) => !hasShape(value, dimensions, 0))) return explainAll(values, dimensions, read);
  const size = dimensions.reduce((product, dimension) => product * dimension, 1);
  const vector = emptyVector(spec.dtype, values.length * size);
  // What the reader of a dtype answers is what the cells of its vector are.
  const fill = new Fill(vector.data as unknown as unknown[], dimensions.length, read);
  return values.every((value) => fill.take(value, 0)) ? vector : explainAll(values, dimensions, read);
}

function hasShape(value: unknown, dimensions: readonly number[], axis: number): boolean {
  if (axis === dimensions.length) return true;
  if (!Array.isArray(value) || value.length !== dimensions[axis]) return false;
  return axis + 1 === dimensions.length || value.every((item) => hasShape(item, dimensions, axis + 1));
}

/** Writes elements one after the other, in C order. */
class Fill {
  readonly #data: unknown[];
  readonly #rank: number;
  readonly #read: ElementReader;
  readonly #plainDoubles: boolean;
  #next = 0;

  constructor(data: unknown[], rank: number, read: ElementReader) {
    this.#data = data;
    this.#rank = rank;
    this.#read = read;
    this.#plainDoubles = data instanceof Float64Array;
  }

  /** False as soon as an element does not fit. */
  take(value: unknown, axis: number): boolean {
    if (axis === this.#rank) return this.#element(value);
    return (value as readonly unknown[]).every((item) => this.take(item, axis + 1));
  }

  #element(value: unknown): boolean {
    const element =
      this.#plainDoubles && typeof value === 'number' && Number.isFinite(value) ? value : this.#read(value);
    if (element instanceof Faults) return false;
    this.#data[this.#next++] = element;
    return true;
  }
}

function explainAll(
  values: readonly unknown[],
  dimensions: readonly number[],
  read: ElementReader,
): readonly Faults[] {
  return values.map((value) => explain(value, dimensions, 0, read));
}

function explain(value: unknown, dimensions: readonly number[], axis: number, read: ElementReader): Faults {
  const length = dimensions[axis];
  if (length === undefined) {
    const element = read(value);
    return element instanceof Faults ? element : new Faults();
  }
  if (!Array.isArray(value) || value.length !== length) return Faults.of(expected(listWords(length), value));
  const faults = new Faults();
  value.forEach((item, index) => {
    faults.addAll(step(index), explain(item, dimensions, axis + 1, read));
  });
  return faults;
}

function listWords(length: number): string {
  return `a list of ${String(length)}`;
}
