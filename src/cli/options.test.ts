import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { optionTable } from '../config/options.ts';
import { addOptions, allOptions } from './options.ts';

const parse = (...args: string[]): Record<string, unknown> =>
  addOptions(new Command().exitOverride(), allOptions)
    .helpOption('--help')
    .parse(args, { from: 'user' })
    .opts();

describe('the flags of a command', () => {
  it('leave out what was not given, so that environment and file can say it', () => {
    expect(parse()).toEqual({});
  });

  it('keep values as text, under the names of the option table', () => {
    expect(parse('-p', '0', '--max-body', '1MiB', '--no-batching')).toEqual({
      port: '0',
      maxBody: '1MiB',
      batching: false,
    });
  });

  it("take MLflow's short forms", () => {
    expect(parse('-m', 'models:/a/1', '-h', '0.0.0.0', '-w', '2', '-t', '5')).toEqual({
      modelUri: 'models:/a/1',
      host: '0.0.0.0',
      workers: '2',
      timeout: '5',
    });
  });

  it('tell a host without a value from one with a value', () => {
    expect(parse('-h')).toEqual({ host: true });
  });

  it('show choices, default with its unit, and variable in their help', () => {
    const help = addOptions(new Command(), allOptions).helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('(auto, local, uv or virtualenv; default auto; COUNTERSIGN_ENV_MANAGER)');
    expect(help).toContain('(default 60 s; MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT)');
    expect(help).toContain('(default 32 MiB; COUNTERSIGN_MAX_BODY)');
    for (const { flag, env } of Object.values(optionTable)) {
      expect(help).toContain(flag);
      expect(help).toContain(env);
    }
  });
});
