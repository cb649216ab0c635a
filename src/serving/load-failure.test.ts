import { describe, expect, test } from 'vitest';
import { countersignError } from '../errors/countersign-error.ts';
import { backoffMs } from './backoff.ts';
import { loadFailure } from './load-failure.ts';

const ref = { model: 'm', version: '1' };

describe('a failed load', () => {
  test('is told in the words of our own error and what to do about it', () => {
    const thrown = countersignError('ENVIRONMENT_FAILED', 'no torch for this platform');
    const { error, reason } = loadFailure(ref, thrown);
    expect(reason).toBe(
      'The Python environment of the model cannot be made: no torch for this platform. Correct the requirements of ' +
        'the model, or serve it with --env-manager local in an environment that fits.',
    );
    expect(error.message).toBe(`Version 1 of 'm' cannot be loaded: ${reason}`);
    expect(error.cause).toBe(thrown);
  });

  test('that a loader has already put in these words is not put in them twice', () => {
    const thrown = countersignError('VERSION_LOAD_FAILED', 'm', '1', 'no module torch');
    expect(loadFailure(ref, thrown)).toMatchObject({
      reason: 'no module torch',
      error: { message: thrown.message },
    });
  });

  test('names no path of this machine', () => {
    const thrown = countersignError('LOAD_FAILED', "FileNotFoundError: '/srv/cache/m/weights.bin'");
    expect(loadFailure(ref, thrown).reason).toContain("FileNotFoundError: 'weights.bin'");
    expect(loadFailure(ref, thrown).error.message).not.toContain('/srv');
  });

  test.each([new Error('/home/secret'), countersignError('INTERNAL'), 'secret', undefined])(
    'keeps to a safe sentence for %s',
    (thrown) => {
      const { error, reason } = loadFailure(ref, thrown);
      expect(reason).toBe('Something unexpected went wrong; the server log has the trace.');
      expect(error.code).toBe('VERSION_LOAD_FAILED');
    },
  );
});

test('the back-off doubles with each failure in a row, up to its maximum', () => {
  const backoff = { initialMs: 5, maxMs: 30 };
  expect([1, 2, 3, 4, 5, 5_000].map((failures) => backoffMs(failures, backoff))).toEqual([
    5, 10, 20, 30, 30, 30,
  ]);
});
