import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Candidate, chooseReplica } from './choose-replica.ts';

const one = (id: string, rest: Partial<Candidate> = {}): Candidate => ({
  id,
  has: null,
  waiting: 0,
  inFlight: 0,
  free: 1,
  ...rest,
});

describe('a request goes', () => {
  test.each([
    ['nowhere without replicas', [], null, null],
    [
      'to the replica that has the version, however busy',
      [one('a'), one('b', { has: 'up', inFlight: 9 })],
      'b',
      null,
    ],
    [
      'to the one where it is up, not where it is coming up',
      [one('a', { has: 'coming' }), one('b', { has: 'up', waiting: 1, inFlight: 1 })],
      'b',
      null,
    ],
    [
      'to where it is coming up rather than to a second one',
      [one('a', { free: 5 }), one('b', { has: 'coming', waiting: 1 })],
      'b',
      'a',
    ],
    [
      'not to the one that has more than its room, where there is another',
      [one('a', { has: 'up', free: -1 }), one('b', { has: 'up', free: 0, waiting: 3 })],
      'b',
      null,
    ],
    [
      'to the one that has more than its room, where only that has the version',
      [one('a', { has: 'up', free: -1 }), one('b')],
      'a',
      null,
    ],
    [
      'to the one with fewest requests for it',
      [one('a', { has: 'up', waiting: 2 }), one('b', { has: 'up', waiting: 1, inFlight: 3 })],
      'b',
      null,
    ],
    [
      'to the one with fewest requests at all, among those',
      [one('a', { has: 'up', inFlight: 2 }), one('b', { has: 'up', inFlight: 1 })],
      'b',
      null,
    ],
    [
      'to the one with most room, where none has it',
      [one('a', { free: 0 }), one('b', { free: 2 }), one('c')],
      'b',
      null,
    ],
  ] as const)('%s', (_, candidates, id, spread) => {
    expect(chooseReplica('v', candidates, 0.5)).toEqual(id === null ? null : { id, spread });
  });

  test('to each of those that are equal, as the dice fall', () => {
    const equal = ['a', 'b', 'c'].map((id) => one(id, { has: 'up' }));
    const chosen = [0, 0.4, 0.99].map((roll) => chooseReplica('v', equal, roll)?.id);
    expect(chosen).toEqual(['a', 'b', 'c']);
  });

  test('and the version to a further replica only when it is busy with it wherever it is', () => {
    const idle = [one('a', { has: 'up', waiting: 1 }), one('b', { has: 'up' }), one('c', { free: 9 })];
    expect(chooseReplica('v', idle, 0)).toEqual({ id: 'b', spread: null });
    const busy = idle.map((candidate) => ({ ...candidate, waiting: candidate.has === 'up' ? 1 : 0 }));
    expect(chooseReplica('v', busy, 0)).toEqual({ id: 'a', spread: 'c' });
  });
});

const candidates = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 8 }),
      has: fc.constantFrom('up', 'coming', null),
      waiting: fc.nat(4),
      inFlight: fc.nat(9),
      free: fc.integer({ min: -2, max: 4 }),
    }),
    { selector: ({ id }) => id, maxLength: 6 },
  )
  .map((list): readonly Candidate[] => list);
const roll = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('whatever the replicas are', () => {
  test('one of them is chosen, one that has the version where there is any, and none such is less busy', () => {
    fc.assert(
      fc.property(candidates, roll, (list, dice) => {
        const choice = chooseReplica('v', list, dice);
        expect(choice === null).toBe(list.length === 0);
        if (choice === null) return;
        const chosen = list.find(({ id }) => id === choice.id) ?? expect.fail('not one of them');
        const holders = list.filter(({ has }) => has === 'up');
        if (holders.length > 0) expect(chosen.has).toBe('up');
        const alike = list.filter(({ has }) => has === chosen.has);
        const roomy = alike.filter(({ free }) => free >= 0);
        const peers = roomy.length > 0 ? roomy : alike;
        if (chosen.has !== null)
          expect(chosen.waiting).toBe(Math.min(...peers.map(({ waiting }) => waiting)));
      }),
    );
  });

  test('a place for a version does not depend on the order they are told in, nor on the dice', () => {
    fc.assert(
      fc.property(candidates, roll, roll, (list, dice, other) => {
        const places = list.map((candidate) => ({ ...candidate, has: null }));
        expect(chooseReplica('v', places, dice)).toEqual(chooseReplica('v', places.toReversed(), other));
      }),
    );
  });

  test('a version is spread to a replica that does not have it, and never while one that has it is idle', () => {
    fc.assert(
      fc.property(candidates, roll, (list, dice) => {
        const spread = list.find(({ id }) => id === chooseReplica('v', list, dice)?.spread);
        if (spread === undefined) return;
        expect(spread.has).toBeNull();
        expect(list.some(({ has, waiting }) => has === 'up' && waiting === 0)).toBe(false);
      }),
    );
  });
});
