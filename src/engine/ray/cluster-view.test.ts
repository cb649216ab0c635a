import { beforeEach, expect, test } from 'vitest';

import { FakeClock, settle } from '../../../test/fakes/fake-clock.ts';
import { RecordingLogger } from '../../../test/fakes/recording-logger.ts';
import { ClusterView } from './cluster-view.ts';
import type { ServeInstance } from './instance.ts';

const never = new AbortController().signal;
const empty: ServeInstance = { applications: new Map(), rest: {}, http: null, proxies: [] };

let clock: FakeClock;
let view: ClusterView;
let readings: number;
let head: () => Promise<ServeInstance>;

beforeEach(() => {
  clock = new FakeClock();
  readings = 0;
  head = () => Promise.resolve(empty);
  const dashboard = {
    address: new URL('http://head:8265'),
    instance: () => {
      readings += 1;
      return head();
    },
  };
  view = new ClusterView(dashboard, clock, new RecordingLogger());
});

/** A request every 100 ms for so long. */
const requests = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 100) {
    await view.use(never);
    await clock.advance(100);
  }
};

test('while requests come it is read every five seconds, however many they are', async () => {
  await requests(20_000);
  expect(readings).toBeGreaterThanOrEqual(4);
  expect(readings).toBeLessThanOrEqual(5);
});

test('a quiet gateway reads nothing', async () => {
  await view.use(never);
  await clock.advance(60_000);
  expect(readings).toBeLessThanOrEqual(3);
  const before = readings;
  await clock.advance(3_600_000);
  expect([readings, clock.pending]).toEqual([before, 0]);
});

test('after a failure it is read soon, and failures that go on read it twice a second at most', async () => {
  await view.use(never);
  await clock.advance(1_000);
  view.doubt();
  await clock.advance(0);
  expect(readings).toBe(2);
  for (let i = 0; i < 100; i += 1) {
    view.doubt();
    await clock.advance(50);
  }
  expect(readings).toBeLessThanOrEqual(13);
});

test('the first request after a quiet time waits for a new reading, a second at most', async () => {
  await view.use(never);
  await clock.advance(60_000);
  const before = readings;
  await view.use(never);
  expect(readings).toBe(before + 1);
  await clock.advance(60_000);
  head = () => new Promise(() => undefined);
  let went = false;
  const waiting = view.use(never).then(() => (went = true));
  await settle();
  expect(went).toBe(false);
  await clock.advance(1_000);
  await waiting;
});

test('a head that is gone takes nothing away, and holds up nobody', async () => {
  await view.use(never);
  head = () => Promise.reject(new Error('gone'));
  await requests(20_000);
  expect(view.instance).toBe(empty);
  expect(readings).toBeLessThanOrEqual(5);
});
