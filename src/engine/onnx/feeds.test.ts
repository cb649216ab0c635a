import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  float32,
  float64,
  int32,
  int64,
  table,
  tensors,
  text,
} from '../../../test/support/onnx-specimens.ts';
import type { Payload } from '../../payload/payload.ts';
import { feedsOf } from './feeds.ts';
import type { GraphInput } from './messages.ts';

const input = (
  type: GraphInput['type'],
  name = 'x',
  shape: GraphInput['shape'] = ['rows', 'columns'],
): GraphInput => ({ name, type, shape });
const feed = (inputs: readonly GraphInput[], payload: Payload): unknown =>
  feedsOf(inputs, payload).map(({ name, dims, data }) => ({ name, dims, data }));

describe('a table', () => {
  test('is one matrix, row by row, for a graph with one input', () => {
    const payload = table({ a: float32(1, 2), b: float32(3, 4), c: float32(5, 6) });
    expect(feed([input('float32')], payload)).toEqual([
      { name: 'x', dims: [2, 3], data: Float32Array.of(1, 3, 5, 2, 4, 6) },
    ]);
  });

  test('is a vector for a graph with one input of one dimension', () => {
    const payload = table({ a: float32(1, 2) });
    expect(feed([input('float32', 'x', ['rows'])], payload)).toEqual([
      { name: 'x', dims: [2], data: Float32Array.of(1, 2) },
    ]);
  });

  test('is fed column by column, by name, to a graph with several inputs', () => {
    const inputs = [input('float32', 'b', ['rows']), input('string', 'a', ['rows', 1])];
    expect(feed(inputs, table({ a: text('p', 'q'), b: float64(1, 2), extra: int32(9, 9) }))).toEqual([
      { name: 'b', dims: [2], data: Float32Array.of(1, 2) },
      { name: 'a', dims: [2, 1], data: ['p', 'q'] },
    ]);
  });

  test('without the column of an input is refused', () => {
    const inputs = [input('float32', 'a'), input('float32', 'b')];
    expect(() => feedsOf(inputs, table({ a: float32(1) }))).toThrow("an input 'b'");
  });

  test('with a null feeds NaN as a float, and is refused as an integer or a string', () => {
    const nulls = Uint8Array.of(0, 1);
    expect(feed([input('float32')], table({ a: float64(1, 0) }, nulls))).toEqual([
      { name: 'x', dims: [2, 1], data: Float32Array.of(1, NaN) },
    ]);
    expect(() => feedsOf([input('int64')], table({ a: int64(1, 0) }, nulls))).toThrow('a null');
    expect(() => feedsOf([input('string')], table({ a: text('p', '') }, nulls))).toThrow('no string');
  });

  test('of integers and floats becomes floats as numpy makes them, rounded where need be', () => {
    const payload = table({ a: int64(16777217), b: float64(0.5) });
    expect(feed([input('float32')], payload)).toEqual([
      { name: 'x', dims: [1, 2], data: Float32Array.of(16777216, 0.5) },
    ]);
  });
});

describe('a change of type', () => {
  test('from integers is made where no value changes, and refused where one would', () => {
    expect(feed([input('float32')], table({ a: int64(16777216) }))).toEqual([
      { name: 'x', dims: [1, 1], data: Float32Array.of(16777216) },
    ]);
    expect(() => feedsOf([input('float32')], table({ a: int64(16777217) }))).toThrow('would change');
    expect(feed([input('int64')], table({ a: int32(-5) }))).toEqual([
      { name: 'x', dims: [1, 1], data: BigInt64Array.of(-5n) },
    ]);
    expect(() => feedsOf([input('int8')], table({ a: int32(200) }))).toThrow('would change');
    expect(() => feedsOf([input('uint64')], table({ a: int64(-1) }))).toThrow('would change');
  });

  test.each([
    ['strings to floats', 'float32', text('1')],
    ['floats to integers', 'int64', float32(1)],
    ['booleans to integers', 'int64', { dtype: 'bool', data: Uint8Array.of(1) }],
    ['integers to booleans', 'bool', int32(1)],
    ['floats to strings', 'string', float32(1)],
    ['floats to half floats', 'float16', float32(1)],
  ] as const)('%s is never made', (_, type, vector) => {
    expect(() => feedsOf([input(type)], table({ a: vector }))).toThrow('the graph wants');
  });

  test('never changes a value, whatever integers come', () => {
    const types = fc.constantFrom('int8', 'int16', 'int32', 'int64', 'uint8', 'uint64', 'float32', 'float64');
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), types, (cells, type) => {
        const payload = table({ a: { dtype: 'int64', data: BigInt64Array.from(cells) } });
        let data: unknown;
        try {
          data = feedsOf([input(type)], payload)[0]?.data;
        } catch {
          return;
        }
        expect(Array.from(data as ArrayLike<number | bigint>, (cell) => BigInt(cell))).toEqual(cells);
      }),
    );
  });
});

describe('tensors', () => {
  test('go to the inputs by name, with their shape', () => {
    const payload = tensors(
      { name: 'b', shape: [2, 1], vector: float64(1, 2) },
      { name: 'a', shape: [], vector: int64(3) },
    );
    expect(feed([input('int64', 'a', []), input('float32', 'b')], payload)).toEqual([
      { name: 'a', dims: [], data: BigInt64Array.of(3n) },
      { name: 'b', dims: [2, 1], data: Float32Array.of(1, 2) },
    ]);
  });

  test('an unnamed one goes to the only input, and to no graph with two', () => {
    const payload = tensors({ name: null, shape: [1, 2], vector: float32(1, 2) });
    expect(feed([input('float32')], payload)).toEqual([
      { name: 'x', dims: [1, 2], data: Float32Array.of(1, 2) },
    ]);
    expect(() => feedsOf([input('float32'), input('float32', 'y')], payload)).toThrow('2 inputs');
  });

  test('half floats travel as their bits', () => {
    const payload = tensors({
      name: null,
      shape: [2],
      vector: { dtype: 'float16', data: Float16Array.of(1, -2) },
    });
    expect(feed([input('float16')], payload)).toEqual([
      { name: 'x', dims: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    ]);
  });
});

test('feeds own their memory, so that giving it away leaves the payload whole', () => {
  const vector = float32(1, 2);
  const [made] = feedsOf([input('float32')], tensors({ name: null, shape: [2], vector }));
  expect((made?.data as Float32Array).buffer).not.toBe((vector.data as Float32Array).buffer);
});

test('a plain value is refused', () => {
  expect(() => feedsOf([input('float32')], { kind: 'value', value: 1 })).toThrow('plain value');
});
