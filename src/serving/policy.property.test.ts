import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VersionRef } from '../registry/registry.ts';
import { nextStep, type Budget, type Snapshot, type Step } from './policy.ts';
import { Sources, versionKey, type AspiringSource } from './sources.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A process in which everything can happen at any time, but which takes no step that the policy did not pick. */
class World {
  readonly sources = new Sources();
  readonly versions: Writable<Snapshot>[] = [];
  readonly budget: Budget;
  /** Demanded, and neither loaded nor failed since. */
  readonly owed = new Set<string>();
  now = 0;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  ask(ref: VersionRef): void {
    const version = this.at(ref);
    if (version.state === 'failed' && this.now < (version.retryAt ?? 0)) return;
    this.sources.use(ref);
    if (version.state === 'draining') version.state = 'available';
    if (version.state === 'available') {
      version.inUse++;
      return;
    }
    version.waiting++;
    this.owed.add(versionKey(ref));
  }

  leave(ref: VersionRef): void {
    const version = this.at(ref);
    version.waiting = Math.max(0, version.waiting - 1);
  }

  giveBack(ref: VersionRef): void {
    const version = this.at(ref);
    if (version.inUse === 0) return;
    version.inUse--;
    this.sources.use(ref);
  }

  aspire(source: AspiringSource, { model, version }: VersionRef): void {
    this.sources.aspire(source, model, [version]);
    const wanted = this.at({ model, version });
    if (source === 'pinned' && wanted.state === 'draining') wanted.state = 'available';
  }

  endLoad(ref: VersionRef, ok: boolean): void {
    const version = this.at(ref);
    if (version.state !== 'loading') return;
    version.state = ok ? 'available' : 'failed';
    version.inUse = ok ? version.waiting : 0;
    version.waiting = 0;
    version.retryAt = ok ? null : this.now + 5;
    if (!ok) this.sources.forget(ref);
    this.owed.delete(versionKey(ref));
  }

  endUnload(ref: VersionRef): void {
    const version = this.at(ref);
    if (version.state === 'unloading') version.state = 'unloaded';
  }

  decide(): Step {
    return nextStep(this.versions, this.sources, this.budget, this.now);
  }

  /** Takes one step, if there is one. */
  take(step: Step): boolean {
    if (!('ref' in step)) return false;
    const version = this.at(step.ref);
    version.state = step.do === 'load' ? 'loading' : step.do === 'drain' ? 'draining' : 'unloading';
    if (step.do === 'unload') this.sources.forget(step.ref);
    return true;
  }

  at(ref: VersionRef): Writable<Snapshot> {
    const known = this.versions.find((version) => versionKey(version) === versionKey(ref));
    if (known !== undefined) return known;
    const version: Writable<Snapshot> = { ...ref, state: 'registered', inUse: 0, waiting: 0, retryAt: null };
    this.versions.push(version);
    return version;
  }

  isPinned(version: VersionRef): boolean {
    return this.sources.pinned.has(versionKey(version));
  }

  /** The versions that share a limit with this one, and the limit. */
  groupsOf(version: VersionRef): { readonly members: readonly Snapshot[]; readonly limit: number }[] {
    const isCounted = (other: VersionRef): boolean =>
      !this.isPinned(other) && !this.sources.preferred.has(versionKey(other));
    const sameModel = this.versions.filter((other) => other.model === version.model && isCounted(other));
    return [
      ...(isCounted(version) ? [{ members: sameModel, limit: this.budget.maxVersions }] : []),
      ...(this.budget.maxLoaded === null ? [] : [{ members: this.versions, limit: this.budget.maxLoaded }]),
    ];
  }
}

type Event = (world: World) => void;

const someRef = fc.record({
  model: fc.constantFrom('m', 'n'),
  version: fc.constantFrom('1', '2', '3', '4', '5'),
});
const someBudget = fc.record({
  maxVersions: fc.nat(3),
  maxLoaded: fc.option(fc.integer({ min: 1, max: 4 })),
});
const someEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: someRef.map((ref): Event => (world) => {
      world.ask(ref);
    }),
  },
  {
    weight: 4,
    arbitrary: someRef.map((ref): Event => (world) => {
      world.giveBack(ref);
    }),
  },
  {
    weight: 2,
    arbitrary: someRef.map((ref): Event => (world) => {
      world.leave(ref);
    }),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(someRef, fc.boolean()).map(([ref, ok]): Event => (world) => {
      world.endLoad(ref, ok);
    }),
  },
  {
    weight: 3,
    arbitrary: someRef.map((ref): Event => (world) => {
      world.endUnload(ref);
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom<AspiringSource>('pinned', 'preferred'), someRef)
      .map(([source, ref]): Event => (world) => {
        world.aspire(source, ref);
      }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(10).map(
      (ms): Event =>
        (world) =>
          (world.now += ms),
    ),
  },
  { weight: 12, arbitrary: fc.constant<Event>((world) => world.take(world.decide())) },
);

/** Runs events, showing every step to `check` before it is taken. */
function run(budget: Budget, events: readonly Event[], check: (world: World, step: Step) => void): World {
  const world = new World(budget);
  for (const event of events) {
    check(world, world.decide());
    event(world);
  }
  return world;
}

/** For any order of events, every step the policy picks passes `check`. */
function always(check: (world: World, step: Step) => void): void {
  fc.assert(
    fc.property(someBudget, fc.array(someEvent, { maxLength: 120, size: 'max' }), (budget, events) => {
      run(budget, events, check);
    }),
    { numRuns: 300 },
  );
}

const occupies = ({ state }: Snapshot): boolean =>
  ['loading', 'available', 'draining', 'unloading'].includes(state);

/** Everybody leaves, and what runs ends as `ok` says, until nothing happens any more. */
function calmDown(world: World, ok: (version: Snapshot) => boolean): void {
  for (let round = 0; round < 100; round++) {
    for (const version of world.versions) {
      version.waiting = 0;
      while (version.inUse > 0) world.giveBack(version);
      world.endLoad(version, ok(version));
      world.endUnload(version);
    }
    while (world.take(world.decide()));
  }
}

describe('whatever happens, the policy', () => {
  test('never drains or unloads a version in use, waited for or pinned', () => {
    always((world, step) => {
      if (step.do !== 'drain' && step.do !== 'unload') return;
      const version = world.at(step.ref);
      expect([version.inUse, version.waiting, world.isPinned(version)]).toEqual([0, 0, false]);
      expect(version.state).toBe(step.do === 'drain' ? 'available' : 'draining');
    });
  });

  test('lets a version go only while more are up than the limit, the least recently used first', () => {
    always((world, step) => {
      if (step.do !== 'drain') return;
      const up = ({ state }: Snapshot): boolean => state === 'available';
      const crowded = world
        .groupsOf(step.ref)
        .filter(({ members, limit }) => members.filter(up).length > limit);
      const lastUsed = (ref: VersionRef): number =>
        world.sources.demanded.get(versionKey(ref))?.lastUsed ?? 0;
      const isOldest = crowded.some(({ members }) =>
        members
          .filter((other) => up(other) && other.inUse + other.waiting === 0 && !world.isPinned(other))
          .every((other) => lastUsed(other) >= lastUsed(step.ref)),
      );
      expect(isOldest).toBe(true);
    });
  });

  test('exceeds a limit by no more than the versions in use or pinned and the one being brought up', () => {
    always((world, step) => {
      if (step.do !== 'load' || world.isPinned(step.ref)) return;
      for (const { members, limit } of world.groupsOf(step.ref)) {
        const held = members.filter((other) => occupies(other) && (other.inUse > 0 || world.isPinned(other)));
        expect(members.filter(occupies).length + 1).toBeLessThanOrEqual(limit + held.length + 1);
      }
    });
  });

  test('loads only what is wanted, not up, and past its back-off', () => {
    always((world, step) => {
      if (step.do !== 'load') return;
      const { state, retryAt } = world.at(step.ref);
      expect(['registered', 'unloaded', 'failed']).toContain(state);
      expect(retryAt ?? 0).toBeLessThanOrEqual(world.now);
      expect(world.isPinned(step.ref) || world.sources.demanded.has(versionKey(step.ref))).toBe(true);
    });
  });

  test('picks the same step for the same states', () => {
    always((world, step) => {
      expect(world.decide()).toEqual(step);
    });
  });

  test('in the end loads, or has seen fail, all that was demanded, and keeps to its limits', () => {
    const scenario = fc.tuple(
      someBudget,
      fc.array(someEvent, { maxLength: 120, size: 'max' }),
      fc.func(fc.boolean()),
    );
    fc.assert(
      fc.property(scenario, ([budget, events, fate]) => {
        const world = run(budget, events, () => undefined);
        calmDown(world, (version) => fate(versionKey(version)));
        expect([...world.owed]).toEqual([]);
        const loaded = world.versions.filter(occupies);
        expect(loaded.filter((version) => version.state !== 'available')).toEqual([]);
        for (const version of loaded) {
          for (const { members, limit } of world.groupsOf(version)) {
            const stay = members.filter((other) => world.isPinned(other)).length;
            expect(members.filter(occupies).length).toBeLessThanOrEqual(Math.max(limit, stay));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has all that is pinned loaded in the end', () => {
    fc.assert(
      fc.property(someBudget, fc.array(someEvent, { maxLength: 120, size: 'max' }), (budget, events) => {
        const world = run(budget, events, () => undefined);
        world.now += 1000;
        calmDown(world, () => true);
        const pinned = world.versions.filter((version) => world.isPinned(version));
        expect(pinned.filter(({ state }) => state !== 'available')).toEqual([]);
      }),
    );
  });
});
