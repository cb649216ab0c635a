import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { CountersignError } from '../../errors/countersign-error.ts';
import { hostDirectory } from './host-directory.ts';
import { maxPackageBytes, packDirectory, packHost } from './package.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a package is named after what is in it, whenever and wherever it was written', async () => {
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  for (const folder of [one, two]) {
    await mkdir(join(folder, 'data'), { recursive: true });
    await writeFile(join(folder, 'data', 'weights'), 'abc');
  }
  const first = await packDirectory(one);
  expect(first.uri).toMatch(/^gcs:\/\/_ray_pkg_[0-9a-f]{40}\.zip$/);
  expect((await packDirectory(two)).uri).toBe(first.uri);
  await writeFile(join(two, 'data', 'weights'), 'abd');
  expect((await packDirectory(two)).uri).not.toBe(first.uri);
});

test('more than the dashboard takes is ARTIFACT_TOO_LARGE, before anything is read', async () => {
  await writeFile(join(directory, 'weights'), '');
  await truncate(join(directory, 'weights'), maxPackageBytes + 1);
  const thrown: unknown = await packDirectory(directory).catch((error: unknown) => error);
  expect(CountersignError.from(thrown)).toMatchObject({
    code: 'ARTIFACT_TOO_LARGE',
    exitCode: 4,
    message: expect.stringContaining('it lies on the disk of this machine') as string,
  });
});

test('the host is its modules, and nothing that lies beside them', async () => {
  const text = (await packHost(hostDirectory)).bytes.toString('latin1');
  expect(text).toContain('countersign_host/replica.py');
  expect(text).not.toMatch(/__pycache__|tests\//);
});
