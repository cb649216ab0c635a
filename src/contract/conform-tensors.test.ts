import { describe, expect, test } from 'vitest';
import {
  tensors,
  frame,
  series,
  array,
  value,
  f64,
  f32,
  i64,
  i32,
  bools,
  objects,
} from '../../test/support/answers.ts';
import type { Payload, Tensor, Vector } from '../payload/payload.ts';
import { conformOutput } from './conform.ts';
import type { Signature } from './signature.ts';

describe('forms of an answer, for tensors', () => {
  const shaped = (
    shape: readonly number[],
    vector: Vector,
    name: string | null = null,
  ): { payload: { kind: 'tensors'; tensors: Tensor[] }; ok: true } => ({
    ok: true,
    payload: { kind: 'tensors', tensors: [{ name, shape, vector }] },
  });

  test.each<[string, Payload]>([
    ['an array', array(i64(1n, 2n))],
    ['an int32 array', array(i32(1, 2))],
    ['a matrix of one column', array(i64(1n, 2n), [2, 1])],
    ['an array with a name', array(i64(1n, 2n), [2], 'label')],
    ['a series', series('target', i64(1n, 2n))],
    ['a frame of one column', frame({ target: i64(1n, 2n) })],
    ['a list', value([1, 2])],
    ['a dict of one list', value({ label: [1, 2] })],
  ])('%s for an unnamed vector', (_what, answer) => {
    expect(conformOutput(answer, tensors([null, 'int64', [-1]]), 2)).toEqual(shaped([2], i64(1n, 2n)));
  });

  test.each<[string, Payload]>([
    ['an array', array(f32(1, 2, 3, 4), [2, 2])],
    ['a frame of as many columns', frame({ a: f64(1, 3), b: i64(2n, 4n) })],
    ['a frame with a column of lists', frame({ a: objects([1, 2], [3, 4]) })],
    [
      'lists of lists',
      value([
        [1, 2],
        [3, 4],
      ]),
    ],
  ])('%s for an unnamed matrix', (_what, answer) => {
    expect(conformOutput(answer, tensors([null, 'float32', [-1, 2]]), 2)).toEqual(
      shaped([2, 2], f32(1, 2, 3, 4)),
    );
  });

  test('one row may come without its first dimension', () => {
    expect(conformOutput(value([1, 2]), tensors([null, 'float64', [-1, 2]]), 1)).toEqual(
      shaped([1, 2], f64(1, 2)),
    );
    expect(conformOutput(value(7), tensors([null, 'int64', [-1]]), 1)).toEqual(shaped([1], i64(7n)));
  });

  test('no rows are an empty tensor of the right shape', () => {
    expect(conformOutput(value([]), tensors([null, 'float64', [-1, 2]]), 0)).toEqual(shaped([0, 2], f64()));
  });

  test.each<[string, Payload]>([
    [
      'a dict of arrays',
      {
        kind: 'tensors',
        tensors: [
          { name: 'more', shape: [], vector: f64(1) },
          { name: 'b', shape: [2, 1], vector: f32(3, 4) },
          { name: 'a', shape: [2], vector: i32(1, 2) },
        ],
      },
    ],
    ['a dict of lists', value({ b: [[3], [4]], a: [1, 2] })],
    [
      'a list of dicts',
      value([
        { a: 1, b: [3] },
        { a: 2, b: [4] },
      ]),
    ],
    ['a frame', frame({ a: i64(1n, 2n), b: objects([3], [4]) })],
  ])('%s for named tensors', (_what, answer) => {
    expect(conformOutput(answer, tensors(['a', 'int64', [-1]], ['b', 'float64', [-1, 1]]), 2)).toEqual({
      ok: true,
      payload: {
        kind: 'tensors',
        tensors: [
          { name: 'a', shape: [2], vector: i64(1n, 2n) },
          { name: 'b', shape: [2, 1], vector: f64(3, 4) },
        ],
      },
    });
  });

  test('a bare array is the only named tensor', () => {
    expect(conformOutput(array(f32(1)), tensors(['y', 'float32', [-1]]), 1)).toEqual(
      shaped([1], f32(1), 'y'),
    );
  });

  test('a tensor of fixed first dimension is one output', () => {
    const fixed = tensors([null, 'bool', [2]]);
    expect(conformOutput(array(bools(1, 0)), fixed, 1)).toEqual(shaped([2], bools(1, 0)));
    expect(conformOutput(array(bools(1, 0)), fixed, 2)).toEqual({
      ok: false,
      what: 'expected 2 rows, got 1',
    });
  });

  test.each<[string, Payload, Signature, string]>([
    [
      'another shape',
      array(f64(1, 2, 3), [1, 3]),
      tensors([null, 'float64', [-1, 2]]),
      'expected float64 tensor of shape [-1, 2], got shape [1, 3]',
    ],
    [
      'another number of rows',
      array(f64(1, 2, 3)),
      tensors([null, 'float64', [-1]]),
      'expected 2 rows, got 3',
    ],
    [
      'ragged lists',
      value([[1], [1, 2]]),
      tensors([null, 'float64', [-1, -1]]),
      'expected lists of 1, got one of 2',
    ],
    [
      'a text among numbers',
      value([
        [1, 2],
        [3, 'x'],
      ]),
      tensors([null, 'float64', [-1, 2]]),
      'expected float64, got string in row 1',
    ],
    [
      'a null in a vector of integers',
      value([1, null]),
      tensors([null, 'int64', [-1]]),
      'expected int64, got null in row 1',
    ],
    [
      'a name that is missing',
      value({ a: [1, 2] }),
      tensors(['a', 'int64', [-1]], ['b', 'int64', [-1]]),
      'tensor `b`: expected int64 tensor of shape [-1], got nothing',
    ],
    [
      'another name',
      array(i64(1n, 2n), [2], 'x'),
      tensors(['y', 'int64', [-1]]),
      'tensor `y`: expected int64 tensor of shape [-1], got nothing',
    ],
    [
      'tensors of unequal rows',
      value({ a: [1, 2], b: [1] }),
      tensors(['a', 'int64', [-1]], ['b', 'int64', [-1]]),
      'expected 2 rows, got 1',
    ],
  ])('%s does not fit', (_what, answer, under, what) => {
    expect(conformOutput(answer, under, 2)).toEqual({ ok: false, what });
  });
});
