import { describe, expect, it } from 'vitest';

import { countersignError } from '../errors/countersign-error.ts';
import { reportError } from './report-error.ts';

function reported(thrown: unknown): { code: number; text: string } {
  let text = '';
  const code = reportError(thrown, { write: (part) => (text += part) });
  return { code, text };
}

describe('what ends a command', () => {
  it('is told in one line, with one that says what to do, and the exit code of its row', () => {
    expect(reported(countersignError('ADDRESS_IN_USE', '127.0.0.1:1'))).toEqual({
      code: 5,
      text:
        'countersign: 127.0.0.1:1 is already in use.\n' +
        '  Stop what listens there, or choose another with --port (0 takes a free one).\n',
    });
  });

  it('is, for a failed load, what went wrong and what to do about that, not that it is tried again', () => {
    const cause = countersignError('PYTHON_NOT_FOUND', 'none on PATH');
    const reason = `${cause.message} ${cause.hint ?? ''}`;
    const { code, text } = reported(
      countersignError('VERSION_LOAD_FAILED', 'm', '1', reason).with({ cause }),
    );
    expect(code).toBe(4);
    expect(text).toBe(
      "countersign: Version 1 of 'm' cannot be loaded: No Python was found (none on PATH).\n" +
        '  Install Python 3.10 or newer, or name one with --python.\n',
    );
  });

  it('comes with a trace only when nobody foresaw it', () => {
    const { code, text } = reported(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(text).toMatch(
      /^countersign: Something went wrong inside countersign\.\n {2}.+\nTypeError: x is not a function\n +at /,
    );
    expect(reported(countersignError('INVALID_OPTION', 'a', 'b')).text).not.toContain(' at ');
  });

  it('lists what is wrong with an input, place by place', () => {
    const error = countersignError('INVALID_INPUT', 1).with({
      errors: [
        { pointer: '/inputs/0/x', message: 'expected a number' },
        { pointer: '', message: 'too short' },
      ],
    });
    expect(reported(error).text).toContain('  /inputs/0/x: expected a number\n  (body): too short\n');
  });
});
