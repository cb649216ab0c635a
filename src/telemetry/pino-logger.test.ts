import { describe, expect, test } from 'vitest';
import { countersignError } from '../errors/countersign-error.ts';
import { createLogger, type LoggerOptions } from './pino-logger.ts';

/** A logger, and what it wrote. */
function record(options: LoggerOptions = { format: 'json' }): {
  logger: ReturnType<typeof createLogger>;
  text: () => string;
  parsed: () => Record<string, unknown>[];
} {
  const written: string[] = [];
  const logger = createLogger({ ...options, destination: { write: (line) => written.push(line) } });
  return {
    logger,
    text: () => written.join(''),
    parsed: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('the JSON log', () => {
  test('has one line each: time, level, static message, fields and those of its parents', () => {
    const { logger, parsed } = record();
    logger.child({ requestId: 'r-1' }).info({ model: 'm', rows: 2 }, 'request answered');
    expect(parsed()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u) as string,
        requestId: 'r-1',
        model: 'm',
        rows: 2,
        msg: 'request answered',
      },
    ]);
  });

  test('leaves out what is below its level', () => {
    const { logger, parsed } = record({ format: 'json', level: 'warn' });
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(parsed().map(({ msg }) => msg)).toEqual(['c', 'd']);
  });

  test('writes an error under any name with its code and chain of causes, and a trace of what has no code', () => {
    const { logger, parsed } = record();
    const root = new TypeError('no such file');
    const error = countersignError('QUEUE_FULL', 3).with({ cause: new Error('outer', { cause: root }) });
    logger.error({ failure: error, model: 'm' }, 'it failed');
    expect(parsed()[0]).toMatchObject({
      model: 'm',
      failure: {
        type: 'CountersignError',
        code: 'QUEUE_FULL',
        cause: {
          type: 'Error',
          message: 'outer',
          stack: expect.stringContaining('pino-logger.test') as string,
          cause: { type: 'TypeError', message: 'no such file' },
        },
      },
    });
    expect(parsed()[0]?.['failure']).not.toHaveProperty('stack');
  });

  test('writes the trace of an INTERNAL error, which nobody foresaw', () => {
    const { logger, parsed } = record();
    logger.error({ err: countersignError('INTERNAL') }, 'it failed');
    expect(parsed()[0]?.['err']).toHaveProperty('stack');
  });

  test('never writes the facts of an error, which may quote a payload', () => {
    const { logger, text } = record();
    const err = countersignError('INVALID_INPUT', 1).with({
      errors: [{ pointer: '/a', message: 'not hunter2' }],
    });
    logger.warn({ err }, 'refused');
    expect(text()).not.toContain('hunter2');
  });

  test('survives causes that go round in a circle, several errors in one, and thrown things that are none', () => {
    const { logger, parsed } = record();
    const round = new Error('round');
    round.cause = round;
    logger.error({ round }, 'a');
    logger.error({ err: new AggregateError([new Error('one'), 'two'], 'many') }, 'b');
    expect(parsed()[1]).toMatchObject({
      err: { message: 'many', errors: [{ message: 'one' }, { type: 'string', message: 'two' }] },
    });
  });
});

describe('the log for people', () => {
  test('has one line each, with values quoted where they need it', () => {
    const { logger, text } = record({ format: 'pretty' });
    logger.info({ model: 'm', rows: 2, reason: 'two words' }, 'version changed state');
    expect(text()).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}version changed state model=m rows=2 reason="two words"\n$/u,
    );
  });

  test('shows the traces of an error and of its causes below', () => {
    const { logger, text } = record({ format: 'pretty' });
    logger.error({ err: new Error('outer', { cause: 'inner' }) }, 'it failed');
    const [head, trace, ...rest] = text().split('\n');
    expect(head).toMatch(/ERROR it failed err=Error$/u);
    expect(trace).toBe('    Error: outer');
    expect(rest).toContain('      inner');
  });

  test('shows a text of several lines below, as it is', () => {
    const { logger, text } = record({ format: 'pretty' });
    logger.error({ output: 'one\n  "two"\n', id: 7 }, 'it failed');
    expect(text()).toMatch(/ERROR it failed id=7\n {4}one\n {6}"two"\n$/u);
  });
});
