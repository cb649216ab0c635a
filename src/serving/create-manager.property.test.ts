import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/fake-clock.ts';
import { FakeEngine } from '../../test/fakes/fake-engine.ts';
import { CountersignError } from '../errors/countersign-error.ts';
import { noParams } from '../payload/payload.ts';
import type { VersionRef } from '../registry/registry.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createManager } from './create-manager.ts';
import type { Handle, Manager } from './manager.ts';
import { callerOf } from '../util/caller.ts';

const expected = new Set(['VERSION_LOADING', 'VERSION_LOAD_FAILED', 'CALLER_LEFT', 'SERVER_STOPPING']);

/** Requests, loads and time in any order, against a real manager. */
class Rig {
  readonly clock = new FakeClock();
  readonly engine = new FakeEngine();
  readonly manager: Manager;
  readonly handles: Handle[] = [];
  readonly errors: unknown[] = [];

  constructor(maxVersions: number, maxLoaded: number | null) {
    const { clock, engine } = this;
    this.manager = createManager({
      loaderFor: engine.loaderFor,
      clock,
      logger: silentLogger,
      maxVersions,
      maxLoaded,
    });
  }

  async ask(ref: VersionRef, waitMs: number, leaveMs: number): Promise<void> {
    const caller = new AbortController();
    const cancel = this.clock.after(leaveMs, () => {
      caller.abort();
    });
    try {
      this.handles.push(await this.manager.acquire(ref, { signal: caller.signal, waitMs }));
    } catch (error) {
      this.errors.push(error);
    }
    cancel();
  }

  /** Every handle that is out answers. */
  async askHandles(): Promise<void> {
    const { signal } = new AbortController();
    for (const { servable, ref } of this.handles) {
      const input = { kind: 'value', value: ref.version } as const;
      expect(await servable.predict({ input, params: noParams, requestId: 'r' }, callerOf(signal))).toEqual(
        input,
      );
    }
  }
}

type Event = (rig: Rig) => unknown;

const someRef = fc.record({ model: fc.constantFrom('m', 'n'), version: fc.constantFrom('1', '2', '3', '4') });
const someEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(someRef, fc.nat(9_000), fc.nat(9_000)).map(
      ([ref, waitMs, leaveMs]): Event =>
        (rig) =>
          void rig.ask(ref, waitMs, leaveMs),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.nat().map(
      (n): Event =>
        (rig) =>
          rig.handles.splice(n % (rig.handles.length + 1), 1)[0]?.[Symbol.dispose](),
    ),
  },
  {
    weight: 2,
    arbitrary: someRef.map((ref): Event => ({ engine }) => {
      engine.plan(ref).hold();
    }),
  },
  {
    weight: 3,
    arbitrary: someRef.map((ref): Event => ({ engine }) => {
      engine.plan(ref).letGo();
    }),
  },
  {
    weight: 1,
    arbitrary: someRef.map((ref): Event => ({ engine }) => {
      engine.plan(ref).fail();
    }),
  },
  {
    weight: 2,
    arbitrary: someRef.map((ref): Event => ({ engine }) => {
      engine.plan(ref).heal();
    }),
  },
  {
    weight: 1,
    arbitrary: someRef.map((ref): Event => (rig) => {
      rig.manager.pin(ref.model, [ref.version]);
    }),
  },
  {
    weight: 1,
    arbitrary: someRef.map((ref): Event => (rig) => {
      rig.engine.allowsTwins = true;
      rig.manager.renew(ref, 'registered again');
    }),
  },
  {
    weight: 3,
    arbitrary: fc.nat(6_000).map(
      (ms): Event =>
        ({ clock }) =>
          clock.advance(ms),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(3).map(
      (turns): Event =>
        () =>
          settle(turns),
    ),
  },
);

test('whatever happens: no misuse of an engine, no lost handle, no request left hanging, limits kept in the end', async () => {
  const scenario = fc.tuple(
    fc.nat(2),
    fc.option(fc.integer({ min: 2, max: 4 })),
    fc.array(someEvent, { maxLength: 60, size: 'max' }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, async ([maxVersions, maxLoaded, events]) => {
      const rig = new Rig(maxVersions, maxLoaded);
      for (const event of events) {
        await event(rig);
        await rig.askHandles();
      }
      for (const version of ['1', '2', '3', '4']) {
        for (const model of ['m', 'n']) rig.engine.plan({ model, version }).letGo();
      }
      await rig.clock.advance(10_000);
      await rig.askHandles();
      const out = rig.manager.statuses().reduce((sum, { inUse }) => sum + inUse, 0);
      // Of what was renewed no status tells.
      if (rig.engine.allowsTwins) expect(out).toBeLessThanOrEqual(rig.handles.length);
      else expect(out).toBe(rig.handles.length);
      for (const handle of rig.handles.splice(0)) handle[Symbol.dispose]();
      await settle();

      const up = rig.manager.statuses().filter(({ state }) => state === 'available');
      expect(up).toHaveLength(rig.engine.servables.size);
      for (const model of ['m', 'n']) {
        const counted = up.filter((status) => status.model === model && !status.pinned);
        expect(counted.length).toBeLessThanOrEqual(maxVersions);
      }
      expect(up.length).toBeLessThanOrEqual(maxLoaded ?? 8);
      expect(await rig.manager.close(1_000)).toBe(true);
      expect([rig.engine.servables.size, rig.clock.pending]).toEqual([0, 0]);
      expect(rig.engine.misuses).toEqual([]);
      const codes = rig.errors.map((error) => (error instanceof CountersignError ? error.code : error));
      expect(codes.filter((code) => !expected.has(String(code)))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
