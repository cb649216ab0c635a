import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../test/fakes/fake-clock.ts';
import { RecordingLogger } from '../../test/fakes/recording-logger.ts';
import { AccessLog } from './access-log.ts';

const fine = {
  requestId: 'r',
  method: 'POST',
  path: '/serve',
  route: '/serve',
  status: 200,
  durationMs: 1,
  model: 'm',
  version: '1',
  code: null,
};

function house(perSecond: number): { log: AccessLog; clock: FakeClock; logger: RecordingLogger } {
  const [clock, logger] = [new FakeClock(), new RecordingLogger()];
  return { log: new AccessLog({ clock, logger, perSecond }), clock, logger };
}

describe('the access log', () => {
  test('has a line for each request while they are few', () => {
    const { log, logger } = house(2);
    log.ended(fine, false);
    log.ended(fine, false);
    expect(logger.lines).toEqual([
      { level: 'info', message: 'request', data: fine },
      { level: 'info', message: 'request', data: fine },
    ]);
  });

  test('leaves out what went well beyond so many a second, and says how many', async () => {
    const { log, logger, clock } = house(2);
    for (let count = 0; count < 5; count++) log.ended(fine, false);
    expect(logger.lines).toHaveLength(2);
    await clock.advance(1000);
    expect(logger.lines.slice(2)).toEqual([
      { level: 'info', message: 'more requests went well than are logged', data: { requests: 3 } },
    ]);
    log.ended(fine, false);
    expect(logger.lines).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  test('never leaves out one that failed', () => {
    const { log, logger } = house(0);
    log.ended({ ...fine, status: 400, code: 'INVALID_INPUT' }, false);
    log.ended({ ...fine, status: 502, code: 'WORKER_LOST' }, false);
    expect(logger.lines.map(({ data }) => data['status'])).toEqual([400, 502]);
  });

  test('has what machines ask every few seconds at debug', () => {
    const { log, logger } = house(0);
    log.ended({ ...fine, path: '/livez' }, true);
    expect(logger.lines.map(({ level }) => level)).toEqual(['debug']);
  });
});
