import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExactJson } from './exact-json.ts';
import { writeJson } from './write-json.ts';

test('parseExactJson reads back each number as what it was', () => {
  const unsafe = fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n });
  // JSON has one zero.
  const number = fc
    .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
    .map((one) => one + 0);
  fc.assert(
    fc.property(fc.array(fc.oneof(unsafe, number, fc.constantFrom(1e21, 2 ** 53, -(2 ** 60)))), (numbers) => {
      expect(parseExactJson(writeJson(numbers))).toEqual(numbers);
    }),
  );
});

test('a double beyond 2^53 is written with an exponent, a bigint with all digits', () => {
  expect(writeJson({ a: 2 ** 60, b: 2n ** 60n, c: 2 ** 53 - 1 })).toBe(
    '{"a":1.152921504606847e+18,"b":1152921504606846976,"c":9007199254740991}',
  );
});
