import { describe, expect, it } from 'vitest';

import type { Case, RecordedAnswer, Room } from '../../conformance/case.ts';
import { mismatch } from '../../conformance/compare.ts';
import type { Answer } from '../../conformance/send.ts';

const json = 'application/json';

interface Shape extends Partial<RecordedAnswer> {
  readonly match?: Case['match'];
  readonly room?: Room;
  readonly also?: string;
}

function recorded({ body = '{}', status = 200, content_type = json, match, room, also }: Shape): Case {
  return {
    id: 'model/case',
    model: 'model',
    category: 'valid.split',
    request: { method: 'POST', path: '/invocations', headers: {} },
    response: { body, content_type, status },
    match: match ?? 'exact',
    ...(room && { may_differ: room }),
    ...(also !== undefined && { also }),
  };
}

function answer(body: string, status = 200, contentType: string | null = json): Answer {
  return { status, contentType, body: Buffer.from(body) };
}

const error = (status: number, code = 'BAD_REQUEST'): Answer =>
  answer(JSON.stringify({ error_code: code, message: 'x' }), status);
const strict = (expected: Case, got: Answer): boolean => mismatch(expected, got, 'strict') === null;
const withRoom = (expected: Case, got: Answer): boolean => mismatch(expected, got, 'with-room') === null;

describe('an exact body', () => {
  it.each([
    ['{"a": 1, "b": [2]}', '{"b":[2],"a":1}', 'whatever the order of keys and the spaces'],
    ['[1]', '[1.0]', 'whatever way a number is written'],
    ['[9007199254740993]', '[9007199254740993]', 'with every digit of an integer'],
    ['[1e16]', '[10000000000000000]', 'an integer for a float of the same value'],
    ['[NaN, Infinity, -Infinity]', '[NaN,Infinity,-Infinity]', "with Python's tokens for what is no number"],
    ['[1180591620717411303424]', '[1180591620717411303424]', 'with integers of any size'],
    ['["\\u00fc"]', '["ü"]', 'whether text is escaped or not'],
    ['\n', '\n', 'that is no JSON'],
  ])('%s is %s: %s', (expected, got) => {
    expect(strict(recorded({ body: expected }), answer(got))).toBe(true);
  });

  it.each([
    ['[9007199254740993]', '[9007199254740992]'],
    ['[9007199254740993]', '[9007199254740993.0]'],
    ['[0.1]', '[0.10000000000000002]'],
    ['[1]', '[true]'],
    ['[1]', '["1"]'],
    ['[NaN]', '[null]'],
    ['[null]', '[NaN]'],
    ['[1, 2]', '[1]'],
    ['{"a": 1}', '{"a":1,"b":2}'],
    ['{"a": 1}', '{"b":1}'],
    ['{"a": {}}', '{"a":[]}'],
    ['\n', ''],
    ['{}', 'Internal Server Error'],
  ])('%s is not %s', (expected, got) => {
    expect(strict(recorded({ body: expected }), answer(got))).toBe(false);
  });

  it('names the place where it differs', () => {
    const expected = recorded({ body: '{"predictions": [{"a": 1}, {"a": 9007199254740993}]}' });
    const got = answer('{"predictions": [{"a": 1}, {"a": 9007199254740992}]}');
    expect(mismatch(expected, got, 'strict')).toBe(
      '$.predictions[1].a: expected "9007199254740993", got "9007199254740992"',
    );
  });
});

describe('an approximate body', () => {
  const expected = recorded({ body: '[1000000.0, 0.0]', match: 'approx' });

  it.each(['[1000000.9, 0]', '[1000000, 1e-10]'])('may be %s', (got) => {
    expect(strict(expected, answer(got))).toBe(true);
  });

  it.each(['[1000002, 0]', '[1000000, 1e-8]', '[Infinity, 0]', '["1000000", 0]'])('is not %s', (got) => {
    expect(strict(expected, answer(got))).toBe(false);
  });

  it('has no number close to an infinity', () => {
    expect(strict(recorded({ body: '[Infinity]', match: 'approx' }), answer('[1e308]'))).toBe(false);
  });
});

describe('status and content type', () => {
  it('have to be the recorded ones', () => {
    expect(strict(recorded({}), answer('{}', 201))).toBe(false);
    expect(strict(recorded({}), answer('{}', 200, 'text/plain'))).toBe(false);
    expect(strict(recorded({}), answer('{}', 200, null))).toBe(false);
  });

  it('leave the parameters of the type free', () => {
    expect(strict(recorded({}), answer('{}', 200, 'Application/JSON; charset=utf-8'))).toBe(true);
  });

  it('may be all that counts', () => {
    const expected = recorded({ status: 415, body: 'text', content_type: 'text/plain', match: 'status' });
    expect(strict(expected, answer('{}', 415))).toBe(true);
    expect(strict(expected, answer('text', 400, 'text/plain'))).toBe(false);
  });
});

describe('an error', () => {
  const expected = recorded({
    status: 400,
    body: '{"error_code": "BAD_REQUEST", "message": "a"}',
    match: 'error',
  });

  it('is compared by its code alone', () => {
    expect(strict(expected, error(400))).toBe(true);
    expect(strict(expected, error(400, 'INVALID_PARAMETER_VALUE'))).toBe(false);
    expect(strict(expected, answer('Bad Request', 400))).toBe(false);
  });
});

describe('the room of a case', () => {
  it.each<[Room, Shape, Answer]>([
    ['D1', { status: 500, match: 'status' }, answer('', 415, null)],
    ['D2', { body: '[NaN, -Infinity, 1]' }, answer('[null, null, 1]')],
    ['D3', { body: '[1]' }, error(400)],
    ['D3', { body: '[1]' }, error(422)],
    [
      'D4',
      { status: 400, match: 'error', body: '{"error_code": "BAD_REQUEST"}' },
      error(500, 'INTERNAL_ERROR'),
    ],
    ['D5', { status: 500, match: 'exact', body: 'Internal Server Error' }, error(503)],
    ['D6', { body: '["YQ=="]', also: '["a"]' }, answer('["a"]')],
    ['D6', { body: '["YQ=="]', also: '["a"]' }, error(400)],
    [
      'D7',
      { status: 400, match: 'error', body: '{"error_code": "BAD_REQUEST"}' },
      answer('{"predictions":[]}'),
    ],
  ])('%s is taken with room, and not when strict', (room, shape, got) => {
    expect(withRoom(recorded({ ...shape, room }), got)).toBe(true);
    expect(strict(recorded({ ...shape, room }), got)).toBe(false);
    expect(withRoom(recorded(shape), got)).toBe(false);
  });

  it.each<[Room, Shape, Answer]>([
    ['D1', { status: 500, match: 'status' }, answer('', 200)],
    ['D2', { body: '[NaN, 1]' }, answer('[null, null]')],
    ['D2', { body: '[NaN]' }, answer('["NaN"]')],
    ['D3', { body: '[1]' }, error(500)],
    ['D3', { body: '[1]' }, answer('Bad Request', 400)],
    ['D3', { body: '[1]' }, answer('[2]')],
    ['D4', { status: 400, match: 'error', body: '{"error_code": "BAD_REQUEST"}' }, error(503)],
    ['D5', { status: 500, match: 'exact', body: 'Internal Server Error' }, answer('oops', 500)],
    ['D6', { body: '["YQ=="]', also: '["a"]' }, answer('["b"]')],
    ['D7', { status: 400, match: 'error', body: '{"error_code": "BAD_REQUEST"}' }, answer('[1]')],
  ])('%s ends somewhere', (room, shape, got) => {
    expect(withRoom(recorded({ ...shape, room }), got)).toBe(false);
  });

  it('always holds the recorded answer too', () => {
    expect(withRoom(recorded({ body: '[1]', room: 'D3' }), answer('[1]'))).toBe(true);
    expect(withRoom(recorded({ body: '[1]', room: 'D6', also: '[2]' }), answer('[1]'))).toBe(true);
  });
});
