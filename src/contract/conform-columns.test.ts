import { describe, expect, test } from 'vitest';
import {
  columns,
  frame,
  series,
  array,
  value,
  only,
  f64,
  f32,
  i64,
  strings,
  objects,
  cells,
} from '../../test/support/answers.ts';
import type { Payload } from '../payload/payload.ts';
import { conformOutput } from './conform.ts';
import type { Signature } from './signature.ts';

describe('forms of an answer, for columns', () => {
  const two = columns(['label', 'string'], ['score', 'double']);
  const fitting = {
    kind: 'table',
    rows: 2,
    columns: [
      { name: 'label', ...(Object(cells(strings('a', 'b'))) as object) },
      { name: 'score', ...(Object(cells(f64(1, 0.5))) as object) },
    ],
  };

  test.each<[string, Payload]>([
    [
      'a frame with more columns in another order',
      frame({ score: f64(1, 0.5), more: i64(1n, 2n), label: strings('a', 'b') }),
    ],
    [
      'a list of dicts',
      value([
        { score: 1, label: 'a' },
        { label: 'b', score: 0.5, more: [] },
      ]),
    ],
    ['a dict of lists', value({ label: ['a', 'b'], score: [1, 0.5] })],
    [
      'a dict of arrays',
      {
        kind: 'tensors',
        tensors: [
          { name: 'label', shape: [2], vector: strings('a', 'b') },
          { name: 'score', shape: [2, 1], vector: f32(1, 0.5) },
        ],
      },
    ],
  ])('%s', (_what, answer) => {
    expect(conformOutput(answer, two, 2)).toEqual({ ok: true, payload: fitting });
  });

  test('a dict of scalars is one row', () => {
    expect(conformOutput(value({ label: 'a', score: 1 }), two, 1)).toMatchObject({
      ok: true,
      payload: { rows: 1 },
    });
  });

  test.each<[string, Payload, Signature, unknown]>([
    ['a bare array', array(i64(1n, 2n)), columns(['x', 'long']), cells(i64(1n, 2n))],
    ['a matrix of one column', array(i64(1n, 2n), [2, 1]), columns([null, 'long']), cells(i64(1n, 2n))],
    ['a series of another name', series('target', i64(1n, 2n)), columns(['x', 'long']), cells(i64(1n, 2n))],
    [
      'a frame whose column pandas called 0',
      frame({ 0: i64(1n, 2n) }),
      columns(['x', 'long']),
      cells(i64(1n, 2n)),
    ],
    ['a frame of one column', frame({ any: i64(1n, 2n) }), columns([null, 'long']), cells(i64(1n, 2n))],
    ['a list of scalars', value([1, 2]), columns(['x', 'long']), cells(i64(1n, 2n))],
    [
      'a list of lists for an array column',
      value([[1], []]),
      columns(['x', { kind: 'array', items: { kind: 'long' } }]),
      cells(objects([1n], [])),
    ],
    [
      'a matrix for an array column',
      array(f32(1, 2, 3, 4), [2, 2]),
      columns(['x', { kind: 'array', items: { kind: 'double' } }]),
      cells(objects([1, 2], [3, 4])),
    ],
    [
      'a dict with a list of lists',
      value({ x: [[1], [2]] }),
      columns(['x', { kind: 'array', items: { kind: 'long' } }]),
      cells(objects([1n], [2n])),
    ],
    [
      'dicts for one unnamed object',
      value([{ a: 1 }, { b: 2 }]),
      columns([null, { kind: 'map', values: { kind: 'long' } }]),
      cells(objects({ a: 1n }, { b: 2n })),
    ],
    ['dicts for one named any', value([{ a: 1 }, 'b']), columns(['x', 'any']), cells(objects({ a: 1 }, 'b'))],
  ])('%s for the only column', (_what, answer, under, expected) => {
    expect(only(conformOutput(answer, under, 2))).toEqual(expected);
  });

  test.each<[string, Payload, Signature, unknown]>([
    ['a string', value('hello'), columns(['x', 'string']), cells(strings('hello'))],
    ['a number', value(0.5), columns([null, 'double']), cells(f64(0.5))],
    [
      'a dict with one list of an array column',
      value({ x: [1, 2] }),
      columns(['x', { kind: 'array', items: { kind: 'long' } }]),
      cells(objects([1n, 2n])),
    ],
    [
      'a dict for an object column',
      value({ a: 1 }),
      columns([null, { kind: 'map', values: { kind: 'long' } }]),
      cells(objects({ a: 1n })),
    ],
    [
      'a dict for a column of that name',
      value({ x: { a: 1 } }),
      columns(['x', { kind: 'map', values: { kind: 'long' } }]),
      cells(objects({ a: 1n })),
    ],
  ])('%s as one row', (_what, answer, under, expected) => {
    expect(only(conformOutput(answer, under, 1))).toEqual(expected);
  });

  test('unnamed columns go by position: of a frame, of a matrix, of lists', () => {
    const unnamed = columns([null, 'long'], [null, 'double']);
    const answers = [frame({ a: i64(1n), b: f64(2) }), array(f64(1, 2), [1, 2]), value([[1, 2]])];
    for (const answer of answers) {
      expect(conformOutput(answer, unnamed, 1)).toMatchObject({
        ok: true,
        payload: {
          columns: [
            { name: null, vector: i64(1n) },
            { name: null, vector: f64(2) },
          ],
        },
      });
    }
  });

  test.each<[string, Payload, Signature, string]>([
    [
      'a missing column',
      frame({ label: strings('a', 'b') }),
      two,
      'column `score`: expected double, got nothing',
    ],
    [
      'a misnamed only column',
      frame({ lable: strings('a', 'b') }),
      columns(['label', 'string']),
      'column `label`: expected string, got nothing',
    ],
    [
      'a key that one dict lacks',
      value([{ label: 'a', score: 1 }, { label: 'b' }]),
      two,
      'column `score`: expected double, got nothing in row 1',
    ],
    [
      'lists of unequal length',
      value({ label: ['a', 'b'], score: [1] }),
      two,
      'column `score`: expected 2 rows, got 1',
    ],
    ['too many rows', value([1, 2, 3]), columns(['x', 'long']), 'expected 2 rows, got 3'],
    [
      'a matrix for named columns',
      array(f64(1, 2, 3, 4), [2, 2]),
      two,
      'expected 2 columns, got array of shape [2, 2]',
    ],
    [
      'a matrix for a scalar column',
      array(f64(1, 2, 3, 4), [2, 2]),
      columns(['x', 'double']),
      'column `x`: expected double, got array of shape [2, 2]',
    ],
    [
      'scalars for several columns',
      value(['a', 'b']),
      two,
      'expected columns `label`, `score`, got list of string',
    ],
    ['None', value(null), two, 'expected columns `label`, `score`, got null'],
  ])('%s does not fit', (_what, answer, under, what) => {
    expect(conformOutput(answer, under, 2)).toEqual({ ok: false, what });
  });
});
