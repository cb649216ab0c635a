import { describe, expect, it } from 'vitest';
import { mapBounded } from './map-bounded.ts';

describe('mapBounded', () => {
  it('keeps the order, and never has more running than the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 3, 2, 4], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 30, 20, 40]);
    expect(most).toBe(2);
  });

  it('begins nothing after a failure, and rejects when what runs has ended', async () => {
    const slow = Promise.withResolvers<number>();
    const begun: number[] = [];
    let ended = false;
    const mapped = mapBounded([1, 2, 3, 4], 2, (item) => {
      begun.push(item);
      return item === 1 ? slow.promise : Promise.reject(new RangeError('no'));
    }).finally(() => {
      ended = true;
    });
    mapped.catch(() => undefined);
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    slow.resolve(1);
    await expect(mapped).rejects.toThrow('no');
    expect(begun).toEqual([1, 2]);
  });
});
