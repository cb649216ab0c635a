import { describe, expect, test } from 'vitest';
import { nextStep, type Budget, type Snapshot } from './policy.ts';
import { versionKey, type Demand, type Wanted } from './sources.ts';

/**
 * `m/1 available`, then words: `used=3` handles out, `waiting=2`, `retryAt=9`, `pinned`, `preferred`, and `lru=5` for its
 * place in the order of use (which demands it).
 */
function scene(...lines: readonly string[]): { snapshots: Snapshot[]; wanted: Wanted } {
  const snapshots: Snapshot[] = [];
  const wanted = {
    pinned: new Set<string>(),
    preferred: new Set<string>(),
    demanded: new Map<string, Demand>(),
  };
  for (const line of lines) {
    const [name = '', state = '', ...words] = line.split(' ');
    const [model = '', version = ''] = name.split('/');
    const said = new Map(words.map((word) => word.split('=') as [string, string | undefined]));
    const number = (word: string): number => Number(said.get(word) ?? 0);
    const key = versionKey({ model, version });
    if (said.has('pinned')) wanted.pinned.add(key);
    if (said.has('preferred')) wanted.preferred.add(key);
    if (said.has('lru')) wanted.demanded.set(key, { asked: number('lru'), lastUsed: number('lru') });
    snapshots.push({
      model,
      version,
      state: state as Snapshot['state'],
      inUse: number('used'),
      waiting: number('waiting'),
      retryAt: said.has('retryAt') ? number('retryAt') : null,
    });
  }
  return { snapshots, wanted };
}

/** `load m/2`, `drain m/1`, `unload m/1`, `wait` or `nothing`. */
function decide(lines: readonly string[], budget: Partial<Budget> = {}, now = 100): string {
  const { snapshots, wanted } = scene(...lines);
  const step = nextStep(snapshots, wanted, { maxVersions: 2, maxLoaded: null, ...budget }, now);
  return 'ref' in step ? `${step.do} ${step.ref.model}/${step.ref.version}` : step.do;
}

interface Row {
  readonly says: string;
  readonly given: readonly string[];
  readonly budget?: Partial<Budget>;
  readonly step: string;
}

// prettier-ignore
const table: readonly Row[] = [
  { says: 'nothing is wanted of nothing', given: [], step: 'nothing' },
  { says: 'a version nobody wants is left alone', given: ['m/1 registered'], step: 'nothing' },
  { says: 'what is pinned loads', given: ['m/1 registered pinned'], step: 'load m/1' },
  { says: 'what is demanded loads', given: ['m/1 registered lru=1'], step: 'load m/1' },
  { says: 'what was let go loads again on demand', given: ['m/1 unloaded lru=1'], step: 'load m/1' },
  { says: 'a preferred version nobody asked for does not load', given: ['m/1 registered preferred'], step: 'nothing' },
  { says: 'one load runs, another begins', given: ['m/1 loading lru=1', 'm/2 registered lru=2'], step: 'load m/2' },
  { says: 'pinned comes before demanded', given: ['m/1 registered lru=1 waiting=1', 'm/2 registered pinned'], step: 'load m/2' },
  { says: 'waited for comes before abandoned', given: ['m/1 registered lru=1', 'm/2 registered lru=2 waiting=1'], step: 'load m/2' },
  { says: 'longest asked for comes first', given: ['m/1 registered lru=2', 'm/2 registered lru=1'], step: 'load m/2' },
  { says: 'a version that is unloading is not loaded yet', given: ['m/1 unloading lru=1'], step: 'nothing' },

  { says: 'a failed load is not tried during its back-off', given: ['m/1 failed pinned retryAt=101'], step: 'nothing' },
  { says: 'a failed load that is wanted is tried after its back-off', given: ['m/1 failed pinned retryAt=100'], step: 'load m/1' },
  { says: 'a failed load nobody wants is left alone', given: ['m/1 failed retryAt=1'], step: 'nothing' },

  { says: 'within the limit all stay', given: ['m/1 available lru=1', 'm/2 available lru=2'], step: 'nothing' },
  { says: 'over it the least recently used goes', given: ['m/1 available lru=5', 'm/2 available lru=3', 'm/3 available lru=9'], step: 'drain m/2' },
  { says: 'one that was never asked for goes before all', given: ['m/1 available lru=1', 'm/2 available', 'm/3 available lru=2'], step: 'drain m/2' },
  { says: 'one in use stays', given: ['m/1 available lru=1 used=1', 'm/2 available lru=2', 'm/3 available lru=3'], step: 'drain m/2' },
  { says: 'one waited for stays', given: ['m/1 available lru=1 waiting=1', 'm/2 available lru=2', 'm/3 available lru=3'], step: 'drain m/2' },
  { says: 'all in use: wait', given: ['m/1 available used=1', 'm/2 available used=1', 'm/3 available used=2'], step: 'wait' },
  { says: 'no victim before the new one is up', given: ['m/1 available lru=1', 'm/2 available lru=2', 'm/3 loading lru=3'], step: 'nothing' },
  { says: 'no victim for a load that failed', given: ['m/1 available lru=1', 'm/2 available lru=2', 'm/3 failed retryAt=900'], step: 'nothing' },
  { says: 'no second victim while the first is going', given: ['m/1 draining', 'm/2 available lru=2', 'm/3 available lru=3'], step: 'unload m/1' },
  { says: 'a drained version in use is not unloaded', given: ['m/1 draining used=1'], step: 'nothing' },
  { says: 'a drained version that is pinned is not unloaded', given: ['m/1 draining pinned'], step: 'nothing' },
  { says: 'pinned and preferred versions do not count per model', given: ['m/1 available pinned', 'm/2 available preferred lru=1', 'm/3 available lru=2', 'm/4 available lru=3'], step: 'nothing' },
  { says: 'each model has its own limit', given: ['m/1 available', 'm/2 available', 'n/1 available', 'n/2 available'], step: 'nothing' },

  { says: 'one may be brought up over the limit', given: ['m/1 available', 'm/2 available', 'm/3 registered lru=1'], step: 'load m/3' },
  { says: 'but not two', given: ['m/1 available', 'm/2 available', 'm/3 loading', 'm/4 registered lru=1'], step: 'wait' },
  { says: 'what is going still takes its room', given: ['m/1 available', 'm/2 available', 'm/3 unloading', 'm/4 registered lru=1'], step: 'wait' },
  { says: 'pinned does not wait for room', given: ['m/1 available', 'm/2 available', 'm/3 loading', 'm/4 registered pinned'], step: 'load m/4' },
  { says: 'another model has its own room', given: ['m/1 available', 'm/2 available', 'm/3 loading', 'm/4 registered lru=1', 'n/1 registered lru=2'], step: 'load n/1' },
  { says: 'those in use keep nobody out', given: ['m/1 available used=1', 'm/2 available used=1', 'm/3 available used=1', 'm/4 registered lru=1'], step: 'load m/4' },
  { says: 'with a limit of none the one asked for loads', given: ['m/1 registered lru=1'], budget: { maxVersions: 0 }, step: 'load m/1' },
  { says: 'and goes when nobody uses it', given: ['m/1 available lru=1'], budget: { maxVersions: 0 }, step: 'drain m/1' },

  { says: 'over all models the least recently used goes', given: ['m/1 available lru=2', 'n/1 available lru=1', 'o/1 available lru=3'], budget: { maxLoaded: 2 }, step: 'drain n/1' },
  { says: 'a preferred one too', given: ['m/1 available preferred lru=1', 'n/1 available lru=2'], budget: { maxLoaded: 1 }, step: 'drain m/1' },
  { says: 'but no pinned one', given: ['m/1 available pinned', 'n/1 available lru=2'], budget: { maxLoaded: 1 }, step: 'drain n/1' },
  { says: 'pinned ones over the limit stay', given: ['m/1 available pinned', 'n/1 available pinned'], budget: { maxLoaded: 1 }, step: 'wait' },
  { says: 'and do not keep others out for good', given: ['m/1 available pinned', 'n/1 available pinned', 'o/1 registered lru=1'], budget: { maxLoaded: 1 }, step: 'load o/1' },
  { says: 'a full house makes a new model wait', given: ['m/1 available', 'n/1 loading', 'o/1 registered lru=1'], budget: { maxLoaded: 1 }, step: 'wait' },
];

describe('nextStep', () => {
  test.each(table)('$says', ({ given, budget, step }) => {
    expect(decide(given, budget)).toBe(step);
  });

  test('says why a version goes', () => {
    const { snapshots, wanted } = scene('m/1 available', 'n/1 available');
    const reasons = [
      nextStep(snapshots, wanted, { maxVersions: 0, maxLoaded: null }, 0),
      nextStep(snapshots, wanted, { maxVersions: 1, maxLoaded: 1 }, 0),
    ].map((step) => (step.do === 'drain' ? step.reason : step.do));
    expect(reasons).toEqual([
      'let go: more than 0 of its model were up, and it was the least recently used',
      'let go: more than 1 were up over all models, and it was the least recently used',
    ]);
  });
});
