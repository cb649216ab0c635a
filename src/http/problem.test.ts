import { describe, expect, it } from 'vitest';

import { type CountersignError, countersignError } from '../errors/countersign-error.ts';
import { mlflowErrorAnswer } from './mlflow-error.ts';
import { problem, problemAnswer } from './problem.ts';

const secret = new Error('at /home/someone/model.py line 3');

describe('problem', () => {
  it('says what, why, where and what to do', () => {
    const errors = [{ pointer: '/prompt', message: 'is missing' }];
    expect(problem(countersignError('INVALID_INPUT', 1).with({ errors }), 'id-1')).toEqual({
      type: '/docs/errors#INVALID_INPUT',
      title: 'Invalid input',
      status: 400,
      detail: 'The input does not fit the contract of the model.',
      code: 'INVALID_INPUT',
      hint: 'Each entry of `errors` points into the body as sent and says what was expected.',
      requestId: 'id-1',
      errors,
    });
  });

  it('carries the facts of the code, which cannot hide its own members', () => {
    const error = countersignError('QUEUE_FULL', 3).with({
      details: { versions: ['1'], status: 200, code: 'OK' },
    });
    expect(problem(error, 'id')).toMatchObject({ versions: ['1'], status: 429, code: 'QUEUE_FULL' });
  });

  it('never sends the cause', () => {
    const error = countersignError('MODEL_FAILED', 'm', '1', 'ValueError').with({ cause: secret });
    expect(problemAnswer(error, 'id').body).not.toContain('/home/someone');
    expect(mlflowErrorAnswer(error).body).not.toContain('/home/someone');
  });

  it('writes integers beyond 2^53 exactly', () => {
    const error = countersignError('INTERNAL').with({ details: { default: 9007199254740993n } });
    expect(problemAnswer(error, 'id').body).toContain('"default":9007199254740993');
  });
});

describe('mlflowErrorAnswer', () => {
  const cases: [CountersignError, number, string][] = [
    [countersignError('INVALID_BODY', 'x'), 400, 'BAD_REQUEST'],
    [countersignError('INVALID_INPUT', 1), 400, 'BAD_REQUEST'],
    [
      countersignError('INVALID_INPUT', 1).with({ mlflowCode: 'INVALID_PARAMETER_VALUE' }),
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [countersignError('INVALID_PARAMS', 1), 400, 'INVALID_PARAMETER_VALUE'],
    [countersignError('INVALID_SELECTOR', 'x'), 400, 'INVALID_PARAMETER_VALUE'],
    [countersignError('VERSION_NOT_FOUND', 'm', '9', []), 404, 'RESOURCE_DOES_NOT_EXIST'],
    [countersignError('VERSION_INCOMPATIBLE', 'm', '3', '1', []), 409, 'RESOURCE_CONFLICT'],
    [countersignError('BODY_TOO_LARGE', 5), 413, 'BAD_REQUEST'],
    [countersignError('QUEUE_FULL', 5), 429, 'RESOURCE_EXHAUSTED'],
    [countersignError('MODEL_FAILED', 'm', '1', 'E'), 500, 'INTERNAL_ERROR'],
    [
      countersignError('MODEL_FAILED', 'm', '1', 'E').with({ mlflowCode: 'NOT_FOUND', status: 404 }),
      404,
      'NOT_FOUND',
    ],
    [countersignError('VERSION_LOADING', 'm', '1'), 503, 'TEMPORARILY_UNAVAILABLE'],
    [countersignError('DEADLINE_EXCEEDED', 5), 504, 'DEADLINE_EXCEEDED'],
  ];

  it.each(cases.map(([error, status, code]) => [error.code, status, code, error] as const))(
    'answers %s with %i %s',
    (_name, status, code, error) => {
      const answer = mlflowErrorAnswer(error);
      expect(answer.status).toBe(status);
      expect(answer.contentType).toBe('application/json');
      expect(JSON.parse(answer.body)).toEqual({ error_code: code, message: error.message });
    },
  );

  it('puts the first issues into the message, because the shape has no list', () => {
    const errors = [
      { pointer: '/inputs/0', message: 'is no number' },
      { pointer: '', message: 'is short' },
    ];
    const { body } = mlflowErrorAnswer(countersignError('INVALID_INPUT', 2).with({ errors }));
    expect(body).toContain('/inputs/0: is no number (body): is short');
  });

  it('refuses a content type in plain text, as MLflow does', () => {
    const answer = mlflowErrorAnswer(countersignError('UNSUPPORTED_MEDIA_TYPE', 'text/plain', ['text/csv']));
    expect(answer).toMatchObject({ status: 415, contentType: 'text/plain; charset=utf-8' });
  });
});
