import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ratios, shown, shownSpread, spread } from '../../../bench/statistics.ts';

const figures = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });

describe('a spread', () => {
  test('has the ends and the middle, of two middles the mean', () => {
    expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 });
  });

  test('leaves out what is no number: a run in which nothing was timed', () => {
    expect(spread([2, Number.NaN, 1, Number.POSITIVE_INFINITY, 3])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spread([Number.NaN])).toEqual({ min: Number.NaN, median: Number.NaN, max: Number.NaN });
  });

  test('depends on no order, and its middle lies between its ends', () => {
    fc.assert(
      fc.property(figures, (values) => {
        const { min, median, max } = spread(values);
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
        expect(median).toBeGreaterThanOrEqual(min);
        expect(median).toBeLessThanOrEqual(max);
        expect(spread([...values].reverse())).toEqual({ min, median, max });
      }),
    );
  });
});

describe('ratios', () => {
  test('are taken run by run, so that what slows both runs of a pair down takes itself out', () => {
    fc.assert(
      fc.property(figures, fc.integer({ min: 1, max: 100 }), (theirs, factor) => {
        const { min, max } = ratios(
          theirs.map((value) => value * factor),
          theirs,
        );
        expect([min, max].map((value) => Math.round(value))).toEqual([factor, factor]);
      }),
    );
  });
});

describe('figures', () => {
  test('are shown with the two digits that count', () => {
    expect([0.01234, 1.26, 12.6, 99.4, 123.4, Number.NaN].map(shown)).toEqual([
      '0.012',
      '1.3',
      '13',
      '99',
      '123',
      '-',
    ]);
    expect(shownSpread({ min: 9.84, median: 12.1, max: 140.2 })).toBe('12 (9.8-140)');
  });
});
