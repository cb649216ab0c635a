import { describe, expect, it } from 'vitest';
import { Faults, step } from './faults.ts';

describe('faults', () => {
  it('lists the first hundred and counts the rest, whose words nobody looks for', () => {
    let looked = 0;
    const faults = new Faults();
    for (let index = 0; index < 250; index++) {
      const one = new Faults();
      one.add('', () => `${String(++looked)} places looked at`);
      faults.addAll(step(index), one);
    }
    expect(faults.count).toBe(250);
    expect(faults.listed()).toHaveLength(101);
    expect(faults.listed().at(-1)).toEqual({ pointer: '', message: 'and 150 more' });
    expect(looked).toBeLessThanOrEqual(200);
  });

  it('point to the value around a place whose pointer would be as long as the request', () => {
    const inner = new Faults();
    inner.addAll(step('k'.repeat(10_000)), Faults.of('expected a number', '/0'));
    const faults = new Faults();
    faults.addAll('/map', inner);
    expect(faults.listed()).toEqual([{ pointer: '/map', message: 'expected a number' }]);
  });
});
