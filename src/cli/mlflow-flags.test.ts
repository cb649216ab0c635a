import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { addMlflowFlags, readMlflowFlags } from './mlflow-flags.ts';

function parse(...args: string[]): Readonly<Record<string, unknown>> {
  const command = new Command().exitOverride();
  addMlflowFlags(command);
  return readMlflowFlags(command.parse(args, { from: 'user' }).opts());
}

describe("MLflow's other flags", () => {
  it('say nothing when they are not given', () => {
    expect(parse()).toEqual({});
  });

  it('say that the local environment is meant', () => {
    expect(parse('--no-conda')).toEqual({ envManager: 'local' });
    expect(readMlflowFlags({ noConda: true, envManager: 'uv' })).toEqual({ envManager: 'local' });
  });

  it.each([['--install-mlflow'], ['--enable-mlserver'], ['-r', 'numpy==2.4.0']])(
    'are refused with the reason where they cannot be: %s',
    (...flag) => {
      expect(() => parse(...flag)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    },
  );
});
