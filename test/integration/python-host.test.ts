import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { pythonEnv } from '../support/python-env.ts';
import { hostDirectory } from '../support/python-models.ts';

const cache = resolve(import.meta.dirname, '../../.cache');

/** What a Python tool says about `python/`; rejects with its output when it finds fault. */
async function tool(...args: readonly string[]): Promise<string> {
  const env = {
    ...process.env,
    HYPOTHESIS_STORAGE_DIRECTORY: join(cache, 'hypothesis'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const run = promisify(execFile)(await pythonEnv('models'), ['-m', ...args], { cwd: hostDirectory, env });
  return (await run).stdout;
}

describe('the Python host', () => {
  test('passes its own tests', async () => {
    expect(await tool('pytest', '-q', '-p', 'no:cacheprovider')).toContain(' passed');
  });

  test('is typed throughout', async () => {
    expect(await tool('mypy', '--cache-dir', join(cache, 'mypy'))).toContain('no issues found');
  });

  test('is without fault to the linter', async () => {
    expect(await tool('ruff', 'check', '--no-cache', '.')).toContain('All checks passed');
  });
});
