import { describe, expect, test } from 'vitest';

import { requireEqual } from '../../../bench/equal.ts';

const differs = (ours: unknown, theirs: unknown): boolean => {
  try {
    requireEqual(JSON.stringify(ours), JSON.stringify(theirs), 'the test');
    return false;
  } catch {
    return true;
  }
};

describe('answers are compared before anything is timed', () => {
  test('the same values are equal, whatever their column is called', () => {
    expect(differs({ predictions: [{ label: 0 }, { label: 2 }] }, { predictions: [0, 2] })).toBe(false);
    expect(differs({ predictions: [{ text: 'A' }] }, { predictions: [{ other: 'A' }] })).toBe(false);
  });

  test('the last digits of a float32 sum do not count', () => {
    expect(differs({ predictions: [100.001] }, { predictions: [100.002] })).toBe(false);
    expect(differs({ predictions: [100] }, { predictions: [101] })).toBe(true);
  });

  test.each([
    ['another order', [1, 2], [2, 1]],
    ['another number of rows', [1, 2], [1]],
    ['another text', ['A'], ['a']],
    ['a number as text', [1], ['1']],
    ['no rows at all', [], []],
  ])('%s is a difference', (_, ours, theirs) => {
    expect(differs({ predictions: ours }, { predictions: theirs })).toBe(true);
  });
});
