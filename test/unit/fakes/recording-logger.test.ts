import { expect, test } from 'vitest';
import { RecordingLogger } from '../../fakes/recording-logger.ts';

test('RecordingLogger keeps its lines, and those of its children with their bindings', () => {
  const logger = new RecordingLogger();
  logger.debug({ a: 1 }, 'one');
  logger.info({}, 'two');
  logger.child({ requestId: 'r' }).child({ model: 'm' }).warn({ b: 2 }, 'three');
  logger.error({}, 'four');
  expect(logger.lines).toEqual([
    { level: 'debug', message: 'one', data: { a: 1 } },
    { level: 'info', message: 'two', data: {} },
    { level: 'warn', message: 'three', data: { requestId: 'r', model: 'm', b: 2 } },
    { level: 'error', message: 'four', data: {} },
  ]);
});
