import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { CounterFamily, HistogramFamily } from './families.ts';

const buckets = [1, 2, 4];
const histogram = (): HistogramFamily =>
  new HistogramFamily({ name: 'h', help: 'Some help.', labelNames: ['model'], buckets });

/** Values of the samples whose line begins with `start`. */
function values(text: string, start: string): readonly number[] {
  const lines = text.split('\n').filter((line) => line.startsWith(start));
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' '))));
}

describe('families of metrics', () => {
  test('begin with what they are, and have no samples before something was observed', () => {
    expect(histogram().render()).toBe('# HELP h Some help.\n# TYPE h histogram');
  });

  test('count each set of labels for itself', () => {
    const counter = new CounterFamily({ name: 'c', help: 'Help.', labelNames: ['a', 'b'] });
    counter.of('1', '2').value++;
    counter.of('1', '2').value++;
    counter.of('2', '1').value++;
    expect(counter.render().split('\n').slice(2)).toEqual(['c{a="1",b="2"} 2', 'c{a="2",b="1"} 1']);
  });

  test('escape what would end the value of a label', () => {
    const counter = new CounterFamily({ name: 'c', help: 'Help.', labelNames: ['a'] });
    counter.of('x"y\\z\n').value++;
    expect(counter.render()).toContain(String.raw`c{a="x\"y\\z\n"} 1`);
  });

  test('put a value on a bound into the bucket of that bound', () => {
    const family = histogram();
    for (const value of [1, 2, 4, 5]) family.of('m').observe(value);
    expect(values(family.render(), 'h_bucket')).toEqual([1, 2, 3, 4]);
  });

  test('have buckets that count all values up to their bound, and the sum and number of all', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 })), (observed) => {
        const family = histogram();
        for (const value of observed) family.of('m').observe(value);
        const text = family.render();
        const upTo = (bound: number): number => observed.filter((value) => value <= bound).length;
        const expected = [...buckets.map(upTo), observed.length];
        expect(values(text, 'h_bucket')).toEqual(observed.length === 0 ? [] : expected);
        if (observed.length === 0) return;
        expect(values(text, 'h_sum')).toEqual([observed.reduce((sum, value) => sum + value, 0)]);
        expect(values(text, 'h_count')).toEqual([observed.length]);
      }),
    );
  });
});
