import { describe, expect, test } from 'vitest';
import { callerOf, LeavableCaller } from './caller.ts';

interface Made {
  readonly caller: LeavableCaller | ReturnType<typeof callerOf>;
  readonly leave: (reason: unknown) => void;
}

const makers: readonly (readonly [string, () => Made])[] = [
  [
    'of a connection',
    () => {
      const caller = new LeavableCaller();
      return {
        caller,
        leave: (reason) => {
          caller.leave(reason);
        },
      };
    },
  ],
  [
    'of a signal',
    () => {
      const controller = new AbortController();
      return {
        caller: callerOf(controller.signal),
        leave: (reason) => {
          controller.abort(reason);
        },
      };
    },
  ],
];

describe.each(makers)('a caller %s', (_, make) => {
  test('who leaves is told of once, with the reason, to those who listen and by the signal', () => {
    const { caller, leave } = make();
    const [told, forgotten]: [unknown[], unknown[]] = [[], []];
    caller.onLeave((reason) => told.push(reason));
    const forget = caller.onLeave((reason) => forgotten.push(reason));
    forget();
    expect(caller.signal.aborted).toBe(false);
    leave('bye');
    leave('again');
    expect([told, forgotten]).toEqual([['bye'], []]);
    expect([caller.signal.aborted, caller.signal.reason]).toEqual([true, 'bye']);
  });

  test('who left before is told of at once', () => {
    const { caller, leave } = make();
    leave('bye');
    const told: unknown[] = [];
    caller.onLeave((reason) => told.push(reason));
    expect([told, caller.signal.reason]).toEqual([['bye'], 'bye']);
  });
});
