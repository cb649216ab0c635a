import { setTimeout as realSleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/fakes/fake-clock.ts';
import { sleep, systemClock } from './clock.ts';

describe('the clock of the system', () => {
  test('calls back once, unless it is cancelled', async () => {
    const seen: string[] = [];
    systemClock.after(0, () => seen.push('once'));
    systemClock.after(0, () => seen.push('never'))();
    await realSleep(10);
    expect(seen).toEqual(['once']);
  });

  test('takes any delay: what is longer than a timer of Node can be does not fire at once', async () => {
    let fired = false;
    const cancels = [Number.POSITIVE_INFINITY, 2 ** 31].map((ms) =>
      systemClock.after(ms, () => (fired = true)),
    );
    await realSleep(10);
    for (const cancel of cancels) cancel();
    expect(fired).toBe(false);
  });
});

describe('sleep', () => {
  test('ends when its time is over', async () => {
    const clock = new FakeClock();
    let awake = false;
    const sleeping = sleep(clock, 10).then(() => (awake = true));
    await clock.advance(9);
    expect(awake).toBe(false);
    await clock.advance(1);
    await sleeping;
  });

  test('rejects with the reason of its signal and leaves no timer behind', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 10, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(clock, 10, controller.signal)).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });
});
