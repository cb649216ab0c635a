import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

describe('the nearest name', () => {
  it.each([
    ['promt', ['prompt', 'temperature'], 'prompt'],
    ['prmopt', ['prompt'], 'prompt'],
    ['Sepal_Length', ['sepal width', 'sepal length'], 'sepal length'],
    ['a', ['b'], 'b'],
    ['text', ['prompt', 'question'], null],
    ['', ['ab'], null],
  ])('to %j among %j is %j', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it('is offered as a question, or not at all', () => {
    expect(didYouMean('promt', ['prompt'])).toBe('; did you mean `prompt`?');
    expect(didYouMean('x'.repeat(101), ['prompt'])).toBe('');
  });
});
