import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { hastyClock } from '../../../test/fakes/hasty-clock.ts';
import { ArtifactCache } from './cache.ts';

const signal = new AbortController().signal;
const key = { registry: 'sqlite:/x', model: 'it/s odd', version: '2', uri: 's3://b/x' };
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-cache-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const cache = (): ArtifactCache => new ArtifactCache(root, hastyClock);
const partials = (): string[] => readdirSync(join(root, 'artifacts', '.partial'));

function downloader(content = 'flavors'): { times: number; download(directory: string): Promise<void> } {
  return {
    times: 0,
    download(directory) {
      this.times += 1;
      mkdirSync(join(directory, 'data'));
      writeFileSync(join(directory, 'MLmodel'), content);
      writeFileSync(join(directory, 'data', 'weights'), '0123456789');
      return Promise.resolve();
    },
  };
}

test('an artifact is downloaded once, whoever asks and however many at a time', async () => {
  const source = downloader();
  const obtain = (): Promise<string> => cache().obtain(key, (target) => source.download(target), signal);
  const directories = await Promise.all([obtain(), obtain(), obtain()]);
  expect(new Set(directories).size).toBe(1);
  expect(await obtain()).toBe(directories[0]);
  expect(source.times).toBe(1);
  expect(readFileSync(join(directories[0], 'MLmodel'), 'utf8')).toBe('flavors');
  expect(partials()).toEqual([]);
});

test('another URI, version, model or registry is another artifact', async () => {
  const source = downloader();
  const others = [{ uri: 's3://b/y' }, { version: '3' }, { model: 'it_s odd' }, { registry: 'other' }, {}];
  const directories = await Promise.all(
    others.map((other) => cache().obtain({ ...key, ...other }, (target) => source.download(target), signal)),
  );
  expect(new Set(directories).size).toBe(others.length);
});

test('a download that fails leaves nothing, and the next one is tried', async () => {
  const failing = (target: string): Promise<void> => {
    writeFileSync(join(target, 'MLmodel'), 'half');
    return Promise.reject(new Error('network'));
  };
  await expect(cache().obtain(key, failing, signal)).rejects.toThrow('network');
  expect(await cache().find(key)).toBeNull();
  expect(partials()).toEqual([]);
  const source = downloader();
  await cache().obtain(key, (target) => source.download(target), signal);
  expect(await cache().find(key)).not.toBeNull();
});

test('what a crash left is never taken for an artifact, and is cleared by the next download', async () => {
  const source = downloader();
  const directory = await cache().obtain(key, (target) => source.download(target), signal);
  const entry = join(directory, '..');
  const name = basename(resolve(entry));
  rmSync(entry, { recursive: true });
  // As a process leaves it that was killed in the middle.
  mkdirSync(join(root, 'artifacts', '.partial', `${name}-abc123`, 'model'), { recursive: true });
  expect(await cache().find(key)).toBeNull();
  await cache().obtain({ ...key, version: '7' }, (target) => source.download(target), signal);
  expect(partials()).toEqual([]);
});

test('an entry whose files were damaged is downloaded again', async () => {
  const source = downloader();
  const directory = await cache().obtain(key, (target) => source.download(target), signal);
  truncateSync(join(directory, 'data', 'weights'), 3);
  expect(await cache().find(key)).toBeNull();
  await cache().obtain(key, (target) => source.download(target), signal);
  expect(source.times).toBe(2);
  expect(readFileSync(join(directory, 'data', 'weights'), 'utf8')).toBe('0123456789');
});

test('who waits for the download of another gives up when told to', async () => {
  const stop = new AbortController();
  const started = Promise.withResolvers<string>();
  const finish = Promise.withResolvers<undefined>();
  const slow = async (target: string): Promise<void> => {
    started.resolve(target);
    await finish.promise;
    writeFileSync(join(target, 'MLmodel'), 'x');
  };
  const first = cache().obtain(key, slow, signal);
  await started.promise;
  const second = cache().obtain(key, slow, stop.signal);
  stop.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  finish.resolve(undefined);
  await first;
});
