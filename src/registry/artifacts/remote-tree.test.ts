import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { hastyClock } from '../../../test/fakes/hasty-clock.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import type { FetchProgress } from '../registry.ts';
import { remoteArtifact, type RemoteFile, type RemoteTree } from './remote-tree.ts';

const signal = new AbortController().signal;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-tree-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A server's folder: what it lists, and what each opening of a file gives in turn. */
class Folder implements RemoteTree {
  readonly uri = 's3://bucket/folder';
  opened = 0;
  readonly #files: readonly RemoteFile[];
  readonly #contents: (path: string, time: number) => Readable | null;

  constructor(files: readonly RemoteFile[], contents: (path: string, time: number) => Readable | null) {
    this.#files = files;
    this.#contents = contents;
  }

  list(): Promise<readonly RemoteFile[]> {
    return Promise.resolve(this.#files);
  }

  open(path: string): Promise<Readable | null> {
    this.opened += 1;
    return Promise.resolve(this.#contents(path, this.opened));
  }
}

const text = (content: string): Readable => Readable.from([Buffer.from(content)]);
const broken = (): Readable =>
  Readable.from(
    (function* () {
      yield Buffer.from('ha');
      throw new Error('socket hang up');
    })(),
  );

function download(tree: RemoteTree, told: FetchProgress[] = [], until = signal): Promise<void> {
  const fail = (reason: string): ReturnType<typeof countersignError> =>
    countersignError('ARTIFACT_UNREADABLE', 'echo', '1', reason);
  return remoteArtifact(tree, fail, hastyClock).download(directory, until, (progress) => told.push(progress));
}

test('every file is written, and the progress adds up', async () => {
  const files = [
    { path: 'MLmodel', size: 3 },
    { path: 'data/deep/x.bin', size: 3 },
  ];
  const told: FetchProgress[] = [];
  await download(new Folder(files, () => text('abc')), told);
  expect(readFileSync(join(directory, 'data/deep/x.bin'), 'utf8')).toBe('abc');
  expect(told.at(-1)).toEqual({ files: 2, filesTotal: 2, bytes: 6, bytesTotal: 6 });
});

test('a stream that breaks is tried again, and its bytes are not counted twice', async () => {
  const told: FetchProgress[] = [];
  const tree = new Folder([{ path: 'a', size: 4 }], (_path, time) => (time === 1 ? broken() : text('haha')));
  await download(tree, told);
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('haha');
  expect(told.at(-1)?.bytes).toBe(4);
});

test('a file of another size than listed is refused after some tries', async () => {
  const tree = new Folder([{ path: 'a', size: 5 }], () => text('haha'));
  await expect(download(tree)).rejects.toThrow('a has 4 bytes, not the 5 of the listing');
  expect(tree.opened).toBe(3);
});

test.each(['../escape', '/etc/passwd', 'a/../../b'])('a listing with %s writes nothing', async (path) => {
  const tree = new Folder(
    [
      { path: 'MLmodel', size: 1 },
      { path, size: 1 },
    ],
    () => text('x'),
  );
  await expect(download(tree)).rejects.toThrow('a path that is not allowed');
  expect(readdirSync(directory)).toEqual([]);
});

test('an empty listing and a listed file that is gone are failures', async () => {
  await expect(download(new Folder([], () => null))).rejects.toThrow('nothing where its files should be');
  const gone = new Folder([{ path: 'a', size: null }], () => null);
  await expect(download(gone)).rejects.toThrow('a is listed but is not there');
});

test('an abort ends the download with its reason', async () => {
  const stop = new AbortController();
  const endless = new Readable({ read: () => undefined });
  const tree = new Folder([{ path: 'a', size: null }], () => {
    setImmediate(() => {
      stop.abort(new Error('enough'));
    });
    return endless;
  });
  await expect(download(tree, [], stop.signal)).rejects.toThrow('enough');
  expect(endless.destroyed).toBe(true);
});
