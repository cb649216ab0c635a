/** Format, lint and types of the Python that stands in this repository. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

import { pythonEnv } from '../test/support/python-env.ts';

const bin = dirname(await pythonEnv('check'));
const folders = ['python', 'examples/build', 'test', 'bench'];

const steps: readonly (readonly [string, ...string[]])[] = [
  ['ruff', 'format', '--check', ...folders],
  ['ruff', 'check', ...folders],
  ['mypy', '--config-file', 'python/pyproject.toml', 'python/countersign_host'],
];

for (const [tool, ...rest] of steps) {
  const { status } = spawnSync(join(bin, tool), rest, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
