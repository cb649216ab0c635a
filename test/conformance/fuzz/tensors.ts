import fc from 'fast-check';

import { parsePythonJson } from '../same-json.ts';
import { type Invocation, json } from './invocation.ts';
import { isOf, type ScalarKind } from './shape.ts';
import { list, object, odd, type Text, valuesOf } from './values.ts';

export interface TensorShape {
  /** Null: the only one, without a name. */
  readonly name: string | null;
  readonly element: ScalarKind;
  /** -1 is free. */
  readonly dimensions: readonly number[];
}

/** Tensors of the shapes, or with one element, or one of them, that may be something else. */
export function tensors(shapes: readonly TensorShape[]): fc.Arbitrary<Invocation> {
  const field = fc.constantFrom('inputs', 'instances');
  const length = fc.integer({ min: 1, max: 3 });
  const whole = length.chain((rows) => fc.tuple(...shapes.map((shape) => tensorOf(shape, rows))));
  const changed = fc
    .tuple(whole, fc.nat(shapes.length - 1), odd, fc.option(fc.nat(100), { freq: 3 }))
    .map(([texts, at, other, place]) =>
      texts.with(at, place === null ? other : withElement(texts[at] ?? '', other, place)),
    );
  return fc.tuple(field, fc.oneof(whole, changed)).map(([name, texts]) => {
    const fits = shapes.every((shape, at) => isTensorOf(shape, texts[at] ?? ''));
    const named = shapes.map((shape, at) => [shape.name ?? '', texts[at] ?? ''] as const);
    return json(`{"${name}": ${shapes[0]?.name === null ? (texts[0] ?? '') : object(named)}}`, fits);
  });
}

function tensorOf({ element, dimensions }: TensorShape, rows: number): fc.Arbitrary<Text> {
  return dimensions.reduceRight<fc.Arbitrary<Text>>((inner, dimension) => {
    const length = dimension === -1 ? rows : dimension;
    return fc.array(inner, { minLength: length, maxLength: length }).map(list);
  }, valuesOf(element));
}

/** One of the elements replaced. */
function withElement(text: Text, other: Text, place: number): Text {
  const elements = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[^[\]\s,]+/g)];
  const element = elements[place % elements.length];
  if (element === undefined) return other;
  return text.slice(0, element.index) + other + text.slice(element.index + element[0].length);
}

function isTensorOf({ element, dimensions }: TensorShape, text: Text): boolean {
  const read = parsePythonJson(text);
  return read !== undefined && isArrayOf(element, dimensions, read.value);
}

function isArrayOf(element: ScalarKind, [dimension, ...inner]: readonly number[], value: unknown): boolean {
  if (dimension === undefined) return isOf(element, value);
  if (!Array.isArray(value) || (dimension !== -1 && value.length !== dimension)) return false;
  return value.length > 0 && value.every((item) => isArrayOf(element, inner, item));
}
