import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byCloseness, minorOf } from './python-version.ts';

const having = (...minors: number[]): { minor: number }[] => minors.map((minor) => ({ minor }));
const order = (wanted: number | null, ...minors: number[]): number[] =>
  byCloseness(wanted, having(...minors)).map(({ minor }) => minor);

test('the wanted version comes first, then the nearest, of two equally near the newer', () => {
  expect(order(12, 10, 11, 12, 13, 14)).toEqual([12, 13, 11, 14, 10]);
});

test('without a wish the newest comes first', () => {
  expect(order(null, 10, 13, 11)).toEqual([13, 11, 10]);
});

test('versions that cannot run a model are left out, even when they are the wanted ones', () => {
  expect(order(8, 6, 8, 9, 10, 11)).toEqual([10, 11]);
});

test('no version is made up or lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 20 }),
      fc.array(fc.integer({ min: 10, max: 20 })),
      (wanted, minors) => {
        expect(order(wanted, ...minors).sort()).toEqual([...minors].sort());
      },
    ),
  );
});

test.each([
  ['3.11.7', 11],
  ['3.10', 10],
  ['3.16.0a2', 16],
  ['2.7.18', null],
  ['', null],
])('the minor version of %j is %j', (text, minor) => {
  expect(minorOf(text)).toBe(minor);
});
