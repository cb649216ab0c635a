import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { hastyClock } from '../../../test/fakes/hasty-clock.ts';
import { SqliteFile } from './sqlite-file.ts';

const signal = new AbortController().signal;
let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'));
  path = join(directory, 'store.db');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function create(mode: 'WAL' | 'DELETE'): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (a); INSERT INTO t VALUES (1)`);
  database.close();
}

const file = (): SqliteFile => new SqliteFile(path, 'sqlite:///store.db', hastyClock);
const rows = (): Promise<unknown> =>
  file().read((reader) => reader.all('SELECT a FROM t ORDER BY a'), signal);
const values = async (): Promise<unknown[]> => ((await rows()) as { a: unknown }[]).map((row) => row.a);

test.each(['WAL', 'DELETE'] as const)('a file in %s mode is read without a trace', async (mode) => {
  create(mode);
  const before = statSync(path, { bigint: true });
  expect(await values()).toEqual([1]);
  expect(readdirSync(directory)).toEqual(['store.db']);
  expect(statSync(path, { bigint: true }).mtimeNs).toBe(before.mtimeNs);
});

test.each(['WAL', 'DELETE'] as const)(
  'what another process commits in %s mode is seen at once',
  async (mode) => {
    create(mode);
    const writer = new DatabaseSync(path);
    writer.exec('INSERT INTO t VALUES (2)');
    expect(await values()).toEqual([1, 2]);
    writer.exec('BEGIN; INSERT INTO t VALUES (3)');
    expect(await values()).toEqual([1, 2]);
    writer.exec('COMMIT');
    writer.close();
    expect(await values()).toEqual([1, 2, 3]);
  },
);

test('a read waits while another process has the file locked', async () => {
  create('DELETE');
  const writer = new DatabaseSync(path);
  writer.exec('BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)');
  const reading = values();
  await new Promise((resolve) => setImmediate(resolve));
  writer.exec('COMMIT');
  writer.close();
  expect(await reading).toEqual([1, 2]);
});

test('nothing can be written through it', async () => {
  create('DELETE');
  const writing = file().read((reader) => reader.all('INSERT INTO t VALUES (9)'), signal);
  await expect(writing).rejects.toThrow(/readonly/);
});

test('a missing file, a folder and a file that is no database are told apart', async () => {
  const failure = { code: 'REGISTRY_UNREACHABLE' };
  await expect(rows()).rejects.toMatchObject({
    ...failure,
    message: expect.stringContaining('no such file') as string,
  });
  expect(readdirSync(directory)).toEqual([]);
  writeFileSync(path, 'This is not a database, but it is long enough to have a header.'.repeat(20));
  await expect(rows()).rejects.toMatchObject({
    ...failure,
    message: expect.stringContaining('not a SQLite database') as string,
  });
  path = directory;
  await expect(rows()).rejects.toMatchObject({
    ...failure,
    message: expect.stringContaining('a folder') as string,
  });
});
