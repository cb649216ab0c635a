import { describe, expect, test } from 'vitest';
import {
  columns,
  frame,
  only,
  f64,
  f32,
  i64,
  i32,
  bools,
  strings,
  objects,
  cells,
} from '../../test/support/answers.ts';
import { Timestamp, type Vector } from '../payload/payload.ts';
import { conformOutput } from './conform.ts';
import type { DataType } from './signature.ts';

describe('cells of a column', () => {
  test.each<[string, DataType['kind'], Vector, unknown]>([
    ['float32 widens to double', 'double', f32(0.1), cells(f64(Math.fround(0.1)))],
    ['float16 widens to float', 'float', { dtype: 'float16', data: Float16Array.of(0.5) }, cells(f32(0.5))],
    ['float64 rounds to the nearest float', 'float', f64(0.1), cells(f32(0.1))],
    [
      'float64 beyond float overflows',
      'float',
      f64(1, 1e39),
      'column `x`: expected float, got integer that it cannot hold in row 1',
    ],
    ['infinity is a float', 'float', f64(Infinity), cells(f32(Infinity))],
    ['int32 widens to long', 'long', i32(1), cells(i64(1n))],
    ['int64 within range narrows to integer', 'integer', i64(2n ** 31n - 1n), cells(i32(2 ** 31 - 1))],
    [
      'int64 out of range of integer',
      'integer',
      i64(2n ** 31n),
      'column `x`: expected integer, got integer that it cannot hold in row 0',
    ],
    [
      'uint64 out of range of long',
      'long',
      { dtype: 'uint64', data: BigUint64Array.of(2n ** 63n) },
      'column `x`: expected long, got integer that it cannot hold in row 0',
    ],
    ['uint8 widens to integer', 'integer', { dtype: 'uint8', data: Uint8Array.of(255) }, cells(i32(255))],
    ['int64 is a double where exact', 'double', i64(2n ** 53n), cells(f64(2 ** 53))],
    [
      'int64 that a double would round',
      'double',
      i64(0n, 2n ** 53n + 1n),
      'column `x`: expected double, got integer that it cannot hold in row 1',
    ],
    [
      'int32 that a float would round',
      'float',
      i32(2 ** 24 + 1),
      'column `x`: expected float, got integer that it cannot hold in row 0',
    ],
    ['whole doubles are longs', 'long', f64(3, -0), cells(i64(3n, 0n))],
    [
      'a fraction is no long',
      'long',
      f64(3.5),
      'column `x`: expected long, got float with a fraction in row 0',
    ],
    ['1.0 is no boolean', 'boolean', f64(1), 'column `x`: expected boolean, got integer in row 0'],
    ['a boolean is no integer', 'integer', bools(1), 'column `x`: expected integer, got boolean in row 0'],
    ['a number is no string', 'string', i64(1n), 'column `x`: expected string, got integer in row 0'],
    ['a string is no double', 'double', strings('1'), 'column `x`: expected double, got string in row 0'],
    ['a text is no binary', 'binary', strings('aGk='), 'column `x`: expected binary, got string in row 0'],
    [
      'bytes are no string',
      'string',
      objects(Uint8Array.of(1)),
      'column `x`: expected string, got bytes in row 0',
    ],
    ['objects may hold strings', 'string', objects('a', 'b'), cells(strings('a', 'b'))],
    [
      'objects may hold datetimes',
      'datetime',
      objects(new Timestamp(5n)),
      cells({ dtype: 'datetime64', data: BigInt64Array.of(5n) }),
    ],
    ['missing is NaN in a double', 'double', objects(1, null), cells(f64(1, NaN))],
    [
      'null in a required string',
      'string',
      strings('a', null),
      'column `x`: expected string, got null in row 1',
    ],
    ['NaN in a required long', 'long', f64(1, NaN), 'column `x`: expected long, got null in row 1'],
    [
      'not a time in a required datetime',
      'datetime',
      { dtype: 'datetime64', data: BigInt64Array.of(-(2n ** 63n)) },
      'column `x`: expected datetime, got null in row 0',
    ],
    ['null is a value of any', 'any', objects(null, 1), cells(objects(null, 1), Uint8Array.of(1, 0))],
    ['longs are plain under any', 'any', i64(5n, 2n ** 60n + 1n), cells(objects(5, 2n ** 60n + 1n))],
  ])('%s', (_what, kind, vector, expected) => {
    expect(only(conformOutput(frame({ x: vector }), columns(['x', kind as 'any']), null))).toEqual(expected);
  });

  test('NaN and null are null in an optional long, as pandas makes floats of it', () => {
    const conformed = only(conformOutput(frame({ x: f64(1, NaN) }), columns(['x', 'long', 'optional']), 2));
    expect(conformed).toEqual(cells(i64(1n, 0n), Uint8Array.of(0, 1)));
  });

  test('an optional column that the answer lacks is all null, or NaN', () => {
    const conformed = conformOutput(
      frame({ x: f64(1) }),
      columns(['x', 'double'], ['s', 'string', 'optional'], ['f', 'float', 'optional']),
      1,
    );
    expect(conformed.ok && conformed.payload).toMatchObject({
      columns: [
        { name: 'x' },
        { name: 's', nulls: Uint8Array.of(1) },
        { name: 'f', vector: f32(NaN), nulls: null },
      ],
    });
  });
});

describe('nested cells', () => {
  const type: DataType = {
    kind: 'object',
    properties: [
      { name: 'id', type: { kind: 'long' }, required: true },
      { name: 'tags', type: { kind: 'array', items: { kind: 'string' } }, required: false },
    ],
  };

  test('longs become bigint, and what the type does not name is left out at every level', () => {
    const answer = frame({ x: objects({ id: 5, tags: ['a'], debug: 1 }, { id: 6, tags: null }) });
    expect(only(conformOutput(answer, columns(['x', type]), 2))).toEqual(
      cells(objects({ id: 5n, tags: ['a'] }, { id: 6n, tags: null })),
    );
  });

  test('a mismatch inside names the way to it', () => {
    const answer = frame({ x: objects({ id: 1, tags: [] }, { id: 6, tags: ['a', 7] }) });
    expect(only(conformOutput(answer, columns(['x', type]), 2))).toBe(
      'column `x` at /tags/1: expected string, got integer in row 1',
    );
  });

  test('a property that is required and missing does not fit', () => {
    expect(only(conformOutput(frame({ x: objects({}) }), columns(['x', type]), 1))).toBe(
      'column `x` at /id: expected long, got nothing in row 0',
    );
  });

  test('a map keeps its keys, and they are data: null is no value', () => {
    const map: DataType = { kind: 'map', values: { kind: 'long' } };
    expect(only(conformOutput(frame({ x: objects({ a: 1, __proto: 2 }) }), columns(['x', map]), 1))).toEqual(
      cells(objects({ a: 1n, __proto: 2n })),
    );
    expect(only(conformOutput(frame({ x: objects({ a: null }) }), columns(['x', map]), 1))).toBe(
      'column `x` at /a: expected long, got null in row 0',
    );
  });
});
