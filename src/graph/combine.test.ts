import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mean, vote, type Weighted } from './combine.ts';

const weight = fc.integer({ min: 1, max: 100 }).map((hundredths) => hundredths / 100);
const label = fc.constantFrom('a', 'b', 'c', null);
const ballots = fc.array(fc.record({ value: label, weight }), { maxLength: 8 });
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const numbers = fc.array(fc.record({ value: number, weight }), { minLength: 1, maxLength: 8 });

function weightOf(value: unknown, all: readonly Weighted[]): number {
  return all.filter((one) => one.value === value).reduce((sum, one) => sum + one.weight, 0);
}

describe('a vote', () => {
  it('is won by a label of which none weighs more, whoever votes first', () => {
    fc.assert(
      fc.property(ballots, (all) => {
        const winner = vote(all);
        const most = Math.max(
          0,
          ...all.filter(({ value }) => value !== null).map(({ value }) => weightOf(value, all)),
        );
        expect(winner === null ? 0 : weightOf(winner, all)).toBe(most);
      }),
    );
  });

  it('goes to the first voter’s label where two weigh the same', () => {
    expect(
      vote([
        { value: 'b', weight: 1 },
        { value: 'a', weight: 1 },
      ]),
    ).toBe('b');
    expect(
      vote([
        { value: 'b', weight: 1 },
        { value: 'a', weight: 0.5 },
        { value: 'a', weight: 0.5 },
      ]),
    ).toBe('b');
  });

  it('is decided by weight, not by heads', () => {
    expect(
      vote([
        { value: 'a', weight: 1 },
        { value: 'a', weight: 1 },
        { value: 'b', weight: 3 },
      ]),
    ).toBe('b');
  });

  it('does not count who says nothing, and is null when nobody says anything', () => {
    expect(
      vote([
        { value: null, weight: 9 },
        { value: 'a', weight: 1 },
      ]),
    ).toBe('a');
    expect(vote([{ value: null, weight: 9 }])).toBeNull();
    expect(vote([])).toBeNull();
  });

  it('takes a class number for the same whether it came as a long or an integer', () => {
    const all = [
      { value: 2n, weight: 1 },
      { value: 2, weight: 1 },
      { value: 1, weight: 1.5 },
    ];
    expect(vote(all)).toBe(2);
    expect(vote([{ value: 2n ** 60n, weight: 1 }])).toBe(2n ** 60n);
  });
});

describe('a mean', () => {
  it('lies between the least and the largest', () => {
    fc.assert(
      fc.property(numbers, (all) => {
        const values = all.map(({ value }) => value);
        const slack = 1e-9 * Math.max(1, ...values.map(Math.abs));
        const result = Number(mean(all));
        expect(result).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(result).toBeLessThanOrEqual(Math.max(...values) + slack);
      }),
    );
  });

  it('of equal values is that value, and scaling all weights changes nothing', () => {
    fc.assert(
      fc.property(numbers, number, (all, value) => {
        expect(mean(all.map((one) => ({ ...one, value })))).toBeCloseTo(value, 5);
        const scaled = all.map((one) => ({ ...one, weight: one.weight * 4 }));
        expect(mean(scaled)).toBeCloseTo(Number(mean(all)), 5);
      }),
    );
  });

  it('of lists is the list of the means', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number, weight), { minLength: 1, maxLength: 5 }), (rows) => {
        const lists = rows.map(([x, y, each]) => ({ value: [x, y], weight: each }));
        const each = [0, 1].map((at) => mean(rows.map((row) => ({ value: row[at], weight: row[2] }))));
        expect(mean(lists)).toEqual(each);
      }),
    );
  });

  it('is the sum of 0.6 and 0.4 of two', () => {
    expect(
      mean([
        { value: 10, weight: 0.6 },
        { value: 20, weight: 0.4 },
      ]),
    ).toBeCloseTo(14, 12);
  });

  it('is NaN where a number is missing, and none of what is no number', () => {
    expect(
      mean([
        { value: null, weight: 1 },
        { value: 1, weight: 1 },
      ]),
    ).toBeNaN();
    expect(
      mean([
        { value: 3n, weight: 1 },
        { value: 1, weight: 1 },
      ]),
    ).toBe(2);
    expect(mean([{ value: 'x', weight: 1 }])).toBeUndefined();
    expect(
      mean([
        { value: [1, 2], weight: 1 },
        { value: [1], weight: 1 },
      ]),
    ).toBeUndefined();
    expect(mean([])).toBeUndefined();
  });
});
