import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { hastyClock } from '../../test/fakes/hasty-clock.ts';
import { tryFileLock, withFileLock } from './file-lock.ts';

const signal = new AbortController().signal;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-lock-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('jobs under one lock run one after the other, those under another beside them', async () => {
  const log: string[] = [];
  const job = (lock: string, name: string): Promise<void> =>
    withFileLock(
      join(directory, lock),
      signal,
      async (held) => {
        expect(held).toBe(true);
        log.push(`${name} in`);
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        log.push(`${name} out`);
      },
      hastyClock,
    );
  await Promise.all([job('a', '1'), job('a', '2'), job('b', '3')]);
  const under = (names: string): string[] => log.filter((line) => names.includes(line.charAt(0)));
  expect([
    ['1 in', '1 out', '2 in', '2 out'],
    ['2 in', '2 out', '1 in', '1 out'],
  ]).toContainEqual(under('12'));
  expect(log.indexOf('3 in')).toBeLessThan(log.findLastIndex((line) => /^[12] out/.test(line)));
});

test('a process that is killed gives its lock back', async () => {
  const path = join(directory, 'lock');
  const code = `
    import { tryFileLock } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))};
    globalThis.kept = tryFileLock(${JSON.stringify(path)});
    process.stdout.write(kept === null ? 'busy' : 'held');
    setInterval(() => undefined, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(other.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('held');
  expect(tryFileLock(path)).toBeNull();
  other.kill('SIGKILL');
  await once(other, 'exit');
  const mine = tryFileLock(path);
  expect(mine).not.toBeNull();
  mine?.[Symbol.dispose]();
});

test('a job that fails gives the lock back', async () => {
  const path = join(directory, 'lock');
  await expect(withFileLock(path, signal, () => Promise.reject(new Error('no')), hastyClock)).rejects.toThrow(
    'no',
  );
  await withFileLock(path, signal, () => Promise.resolve(), hastyClock);
});

test('where there can be no lock the job runs and is told', async () => {
  const held = await withFileLock(join(directory, 'no', 'such', 'folder'), signal, (is) =>
    Promise.resolve(is),
  );
  expect(held).toBe(false);
});
