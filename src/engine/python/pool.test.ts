import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FakeClock, settle } from '../../../test/fakes/fake-clock.ts';
import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { type Member, Pool } from './pool.ts';

/** A member that dies when told to. */
class FakeMember implements Member {
  readonly id: number;
  readonly gone: Promise<void>;
  stopped = false;
  readonly #die: () => void;

  constructor(id: number) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.id = id;
    this.gone = promise;
    this.#die = () => {
      resolve(undefined);
    };
  }

  story(): Promise<string> {
    return Promise.resolve('fell over');
  }

  die(): void {
    this.#die();
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.#die();
    return Promise.resolve();
  }
}

class Nursery {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly made: FakeMember[] = [];
  /** Starts fail while this is set. */
  failing = false;

  open(size: number, signal = new AbortController().signal): Promise<Pool<FakeMember>> {
    const start = (): Promise<FakeMember> => {
      if (this.failing) return Promise.reject(countersignError('LOAD_FAILED', 'no luck'));
      const member = new FakeMember(this.made.length);
      this.made.push(member);
      return Promise.resolve(member);
    };
    const lost = () => countersignError('WORKER_LOST', 'm', '1');
    return Pool.open({ size, start, lost, clock: this.clock, logger: this.logger }, signal);
  }
}

const never = new AbortController().signal;
const left = () => countersignError('CALLER_LEFT');
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;

describe('a pool of workers', () => {
  test('lends each member to one borrower, first come first served', async () => {
    const pool = await new Nursery().open(1);
    const order: string[] = [];
    const first = await pool.borrow(never, left);
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const member = await pool.borrow(never, left);
      order.push(name);
      pool.giveBack(member);
    });
    await settle();
    expect(order).toEqual([]);
    pool.giveBack(first);
    await Promise.all(waiting);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('no member is ever lent twice, whatever dies, leaves and comes back', async () => {
    const step = fc.record({ act: fc.constantFrom('borrow', 'giveBack', 'die', 'leave'), at: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 30 }), async (size, steps) => {
        const nursery = new Nursery();
        const pool = await nursery.open(size);
        const out: FakeMember[] = [];
        const leaving: AbortController[] = [];
        for (const { act, at } of steps) {
          if (act === 'borrow') {
            const controller = new AbortController();
            leaving.push(controller);
            void pool.borrow(controller.signal, left).then(
              (member) => {
                expect(out).not.toContain(member);
                out.push(member);
              },
              () => undefined,
            );
          } else if (act === 'leave') leaving[at % Math.max(1, leaving.length)]?.abort();
          else {
            const [member] = out.splice(at % Math.max(1, out.length), 1);
            if (act === 'giveBack' && member !== undefined) pool.giveBack(member);
            else member?.die();
          }
          await nursery.clock.advance(60_000);
          expect(pool.members.length).toBe(size);
        }
        await pool.close();
        expect(nursery.made.every((member) => member.stopped || !pool.members.includes(member))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('who leaves while waiting loses the place, and nobody else does', async () => {
    const pool = await new Nursery().open(1);
    const member = await pool.borrow(never, left);
    const leaving = new AbortController();
    const gone = pool.borrow(leaving.signal, left);
    const stays = pool.borrow(never, left);
    leaving.abort();
    await expect(gone).rejects.toEqual(code('CALLER_LEFT'));
    pool.giveBack(member);
    expect(await stays).toBe(member);
  });

  test('work that was under way goes before all who wait', async () => {
    const pool = await new Nursery().open(1);
    const member = await pool.borrow(never, left);
    const order: string[] = [];
    const later = pool.borrow(never, left).then((next) => {
      order.push('waited');
      pool.giveBack(next);
    });
    const again = pool.borrow(never, left, true).then((next) => {
      order.push('again');
      pool.giveBack(next);
    });
    pool.giveBack(member);
    await Promise.all([later, again]);
    expect(order).toEqual(['again', 'waited']);
  });

  test('a member that dies is replaced, idle or lent, and the log says how it ended', async () => {
    const nursery = new Nursery();
    const pool = await nursery.open(2);
    const lent = await pool.borrow(never, left);
    nursery.made.forEach((member) => {
      member.die();
    });
    await nursery.clock.advance(1000);
    expect(pool.members.map(({ id }) => id)).toEqual([2, 3]);
    pool.giveBack(lent);
    expect((await pool.borrow(never, left)).id).toBe(2);
    expect(nursery.logger.lines.map(({ data }) => data['how'])).toContain('fell over');
  });

  test('replacements of a member that dies again and again come slower and slower, until one has worked', async () => {
    const nursery = new Nursery();
    const pool = await nursery.open(1);
    const dieAndWait = async (ms: number): Promise<number> => {
      nursery.made.at(-1)?.die();
      await nursery.clock.advance(ms);
      return nursery.made.length;
    };
    expect(await dieAndWait(0)).toBe(2);
    expect(await dieAndWait(199)).toBe(2);
    await nursery.clock.advance(1);
    expect(nursery.made.length).toBe(3);
    expect(await dieAndWait(399)).toBe(3);
    await nursery.clock.advance(1);
    pool.giveBack(await pool.borrow(never, left));
    expect(await dieAndWait(0)).toBe(5);
  });

  test('who waits is told when the last member is lost and cannot be replaced; it is tried again', async () => {
    const nursery = new Nursery();
    const pool = await nursery.open(1);
    const member = await pool.borrow(never, left);
    const waiting = pool.borrow(never, left);
    nursery.failing = true;
    member.die();
    const told = expect(waiting).rejects.toEqual(code('WORKER_LOST'));
    await nursery.clock.advance(0);
    await told;
    nursery.failing = false;
    await nursery.clock.advance(1000);
    expect(pool.members.length).toBe(1);
  });

  test('opens with all its members or with none', async () => {
    const nursery = new Nursery();
    const leaving = new AbortController();
    const opening = nursery.open(3, leaving.signal);
    leaving.abort(new Error('nobody wants it'));
    await expect(opening).rejects.toThrow('nobody wants it');
    expect(nursery.made.every(({ stopped }) => stopped)).toBe(true);
    nursery.failing = true;
    await expect(nursery.open(2)).rejects.toEqual(code('LOAD_FAILED'));
  });

  test('closing stops every member, refuses who waits, and leaves no timer behind', async () => {
    const nursery = new Nursery();
    const pool = await nursery.open(2);
    const first = await pool.borrow(never, left);
    await pool.borrow(never, left);
    const waiting = pool.borrow(never, left);
    first.die();
    const told = expect(waiting).rejects.toEqual(code('WORKER_LOST'));
    await pool.close();
    await told;
    expect(nursery.made.every(({ stopped, id }) => stopped || id === first.id)).toBe(true);
    expect(nursery.clock.pending).toBe(0);
  });
});
