import { describe, expect, test } from 'vitest';
import { sleep } from '../../../src/util/clock.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

describe('FakeClock', () => {
  test('stands still until it is moved', async () => {
    const clock = new FakeClock(1000);
    await clock.advance(0);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1250, 250]);
  });

  test('runs what falls due in order of time, then of setting, each at its own time', async () => {
    const clock = new FakeClock(0);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('never'));
    await clock.advance(30);
    expect(seen).toEqual(['a@10', 'b@10', 'c@30']);
    expect(clock.pending).toBe(1);
  });

  test('runs timers that timers and promises set within the same advance', async () => {
    const clock = new FakeClock(0);
    let woke = -1;
    const work = sleep(clock, 10)
      .then(() => sleep(clock, 10))
      .then(() => (woke = clock.now()));
    await clock.advance(20);
    expect(woke).toBe(20);
    await work;
  });

  test('never runs a cancelled timer', async () => {
    const clock = new FakeClock(0);
    let ran = false;
    clock.after(1, () => (ran = true))();
    await clock.advance(5);
    expect([ran, clock.pending]).toEqual([false, 0]);
  });
});
