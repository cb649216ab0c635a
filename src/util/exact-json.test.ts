import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonInteger, parseExactJson } from './exact-json.ts';

describe('parseExactJson', () => {
  test('an integer beyond 2^53 is a bigint with every digit', () => {
    expect(
      parseExactJson('[9007199254740993, -9223372036854775808, 123456789012345678901234567890]'),
    ).toEqual([9007199254740993n, -9223372036854775808n, 123456789012345678901234567890n]);
  });

  test('a safe integer, a fraction and an exponent stay numbers, also beside a large integer', () => {
    expect(
      parseExactJson('[1, 9007199254740991, 1.0, 1e3, 1e300, 9007199254740993.0, 9007199254740993]'),
    ).toEqual([1, 9007199254740991, 1, 1000, 1e300, 9007199254740992, 9007199254740993n]);
  });

  test('digits inside a text stay text', () => {
    expect(parseExactJson('{"a":"12345678901234567890"}')).toEqual({ a: '12345678901234567890' });
  });

  test('__proto__ is a name like any other', () => {
    const parsed = parseExactJson('{"__proto__": {"x": 12345678901234567890}}');
    expect(Object.entries(parsed as object)).toEqual([['__proto__', { x: 12345678901234567890n }]]);
  });

  test('every integer comes back as it was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
        const parsed = parseExactJson(JSON.stringify({ deep: [null] }).replace('null', String(integer)));
        expect(String((parsed as { deep: unknown[] }).deep[0])).toBe(String(integer));
      }),
    );
  });

  test('what is no JSON is a SyntaxError', () => {
    expect(() => parseExactJson('{')).toThrow(SyntaxError);
    expect(() => parseExactJson('NaN')).toThrow(SyntaxError);
  });
});

test('jsonInteger writes an integer with all its digits', () => {
  expect(JSON.stringify({ maximum: jsonInteger(9223372036854775807n) })).toBe(
    '{"maximum":9223372036854775807}',
  );
});
