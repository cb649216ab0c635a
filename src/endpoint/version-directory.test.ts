import { describe, expect, it } from 'vitest';

import { FakeClock } from '../../test/fakes/fake-clock.ts';
import { FakeRegistry } from '../../test/fakes/fake-registry.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { parseSelector } from './selector.ts';
import { VersionDirectory } from './version-directory.ts';

const { signal } = new AbortController();

/** Model `m` with versions 1 to 3, of which 2 is in production and 1 is the default. */
function house(): { directory: VersionDirectory; registry: FakeRegistry; clock: FakeClock } {
  const registry = new FakeRegistry();
  const clock = new FakeClock();
  for (let version = 1; version <= 3; version++) registry.addVersion('m', { signature: null });
  registry.setAlias('m', 'production', '2');
  const directory = new VersionDirectory({ model: 'm', registry, clock, logger: silentLogger });
  return { directory, registry, clock };
}

const selectors = ['', '3', '@production', 'latest'];

describe('what is known without asking', () => {
  it('is nothing at first', () => {
    const { directory } = house();
    expect(selectors.map((text) => directory.peek(parseSelector(text), '1'))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it.each(selectors)('is what was found by asking for "%s"', async (text) => {
    const { directory } = house();
    const selector = parseSelector(text);
    const version = await directory.resolve(selector, signal, () => Promise.resolve('1'));
    expect(directory.peek(selector, '1')).toBeNull();
    const metadata = await directory.metadata(version, signal);
    expect(directory.peek(selector, '1')).toBe(metadata);
    expect(metadata.version).toBe(version);
  });

  it('is no longer known of what may have moved, an alias or the newest, once it is a second old', async () => {
    const { directory, clock } = house();
    for (const text of selectors) {
      const version = await directory.resolve(parseSelector(text), signal, () => Promise.resolve('1'));
      await directory.metadata(version, signal);
    }
    await clock.advance(1000);
    const known = selectors.map((text) => directory.peek(parseSelector(text), '1')?.version ?? null);
    expect(known).toEqual(['1', '3', null, null]);
  });

  it('asks the registry for nothing', async () => {
    const { directory, registry } = house();
    await directory.summary(signal);
    await directory.metadata('2', signal);
    registry.unreachable = true;
    expect(directory.peek(parseSelector('@production'), '1')?.version).toBe('2');
    expect(directory.peek(parseSelector('@staging'), '1')).toBeNull();
  });
});

describe('what a look shows to be outdated', () => {
  /** The house after its versions were described and looked at, with the numbers that it said to be outdated. */
  async function watched(): Promise<ReturnType<typeof house> & { outdated: string[] }> {
    const made = house();
    const outdated: string[] = [];
    made.directory.onOutdated((version) => outdated.push(version));
    await made.directory.summary(signal);
    for (const version of ['1', '2', '3']) await made.directory.metadata(version, signal);
    await made.clock.advance(1000);
    return { ...made, outdated };
  }

  it('is nothing while versions are only added and aliases move', async () => {
    const { directory, registry, outdated } = await watched();
    registry.addVersion('m', { signature: null });
    registry.setAlias('m', 'production', '3');
    await directory.summary(signal);
    expect(outdated).toEqual([]);
  });

  it('is a version that is gone', async () => {
    const { directory, registry, outdated } = await watched();
    registry.deleteVersion({ model: 'm', version: '2' });
    await directory.summary(signal);
    expect(outdated).toEqual(['2']);
    expect(directory.peek(parseSelector('2'), '1')).toBeNull();
    expect(directory.peek(parseSelector('3'), '1')).not.toBeNull();
  });

  it('is a version that was registered again under its number', async () => {
    const { directory, registry, outdated } = await watched();
    registry.deleteVersion({ model: 'm', version: '3' });
    registry.addVersion('m', { signature: null, runId: 'another' });
    await directory.summary(signal);
    expect(outdated).toEqual(['3']);
    expect((await directory.metadata('3', signal)).runId).toBe('another');
    await directory.summary(signal);
    expect(outdated).toEqual(['3']);
  });

  it('is nothing while the registry is down', async () => {
    const { directory, registry, outdated } = await watched();
    registry.unreachable = true;
    await directory.summary(signal);
    expect(outdated).toEqual([]);
  });
});
