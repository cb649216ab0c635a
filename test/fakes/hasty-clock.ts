import { systemClock, type Clock } from '../../src/util/clock.ts';

/** Real time in which nobody waits: every timer is due at once. For code that waits before it tries again. */
export const hastyClock: Clock = {
  ...systemClock,
  after(_ms, callback) {
    const soon = setImmediate(callback);
    return () => {
      clearImmediate(soon);
    };
  },
};
