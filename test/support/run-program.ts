import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a Python program of `programs/` with nothing of the caller's MLflow settings; the last line it printed. */
export async function runProgram(
  python: string,
  name: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const env = Object.entries(process.env).filter(([key]) => !key.startsWith('MLFLOW'));
  const { stdout } = await run(python, [join(import.meta.dirname, 'programs', `${name}.py`), ...args], {
    cwd,
    env: { ...Object.fromEntries(env), PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}
