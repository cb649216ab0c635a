import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, exactNumber, needsExactNumbers } from './decimal.ts';

const digits = fc.oneof(
  fc.stringMatching(/^[0-9]{1,22}$/),
  fc.stringMatching(/^9{1,20}[0-9]?$/),
  fc.stringMatching(/^0{1,20}[0-9]?$/),
);
const numberText = fc
  .tuple(fc.constantFrom('', '-'), digits, fc.option(digits), fc.option(fc.integer({ min: -340, max: 30 })))
  .map(([sign, whole, fraction, exponent]) => {
    const plain = `${sign}${BigInt(whole)}${fraction === null ? '' : `.${fraction}`}`;
    return exponent === null ? plain : `${plain}e${exponent}`;
  });

/** The integer that a decimal text is, by whole arithmetic alone; null when it is none. */
function integerOf(text: string): bigint | null {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e(-?\d+))?$/.exec(text) ?? [];
  const scale = Number(exponent) - fraction.length;
  const unscaled = BigInt(`${sign ?? ''}${whole}${fraction}`);
  if (scale >= 0) return unscaled * 10n ** BigInt(scale);
  const divisor = 10n ** BigInt(-scale);
  return unscaled % divisor === 0n ? unscaled / divisor : null;
}

describe('numbers of JSON', () => {
  it('are the integers they are, or none, whatever a double makes of them', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const read = exactNumber(text);
        const expected = integerOf(text);
        if (expected !== null && (expected > 2n ** 64n || expected < -(2n ** 64n))) return;
        const integer =
          read instanceof Decimal
            ? read.toInteger()
            : typeof read === 'bigint'
              ? read
              : Number.isInteger(read)
                ? BigInt(read)
                : null;
        expect(integer).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('need no exact reading only where a double says as much', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        if (needsExactNumbers(`[${text}]`)) return;
        const double = Number(text);
        expect(Number.isInteger(double) ? BigInt(double) : null).toBe(integerOf(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('are known for doubtful by what a pattern would look for', () => {
    const pattern = /(?<![.\d])(?:\d{16}|\d{10,15}\.\d)|\.(?:0{6}|9{6})|\d[eE](?:\+?\d|-\d{3})/;
    const texts = fc
      .array(
        fc.oneof(
          numberText,
          digits,
          fc.constantFrom(
            '.',
            'e',
            'E',
            '-',
            '+',
            '/',
            ':',
            'x',
            ' ',
            ',',
            '"',
            '.000000',
            '.999999',
            'e-123',
            'e+1',
          ),
          fc.string(),
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(''));
    let doubtful = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const expected = pattern.test(text);
        doubtful += Number(expected);
        expect(needsExactNumbers(text)).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
    expect(doubtful).toBeGreaterThan(1000);
    expect(doubtful).toBeLessThan(9000);
  });

  it.each([
    '[0.1234567890123456, 1.2345678901234567e-05, 123456789.12345678]',
    '["2024-01-01T00:00:00.123456789Z"]',
  ])('are read the quick way in %s', (text) => {
    expect(needsExactNumbers(text)).toBe(false);
  });
});

describe('a number of very many digits', () => {
  it('is read in the time it takes to look at each of them once', () => {
    // Quadratic work on these would outlast any test.
    const zeros = '0'.repeat(5_000_000);
    const read = [`1.${zeros}1`, `1.${zeros}`].map((text) => exactNumber(text));
    expect(read.map((value) => (value instanceof Decimal ? value.toInteger() : value))).toEqual([null, 1n]);
  });
});
