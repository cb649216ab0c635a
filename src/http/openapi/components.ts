import type { JsonSchema, Reference, Response } from './openapi-types.ts';
import { viewSchemas } from './view-schemas.ts';

/** Statuses a call of a model can end with, and what each means to its caller. */
const callFailures = {
  400: 'The body, a param, the query or the version selector is wrong; `errors` says where.',
  404: 'No such model, version or alias; the answer names those that exist.',
  409: 'The version would break callers of the contract; `differences` lists how.',
  413: 'The body is over the limit of the server.',
  415: 'The content type is not accepted.',
  429: 'The queue of the version is full; see `Retry-After`.',
  500: 'The model failed, or answered something its signature does not allow.',
  502: 'The process that runs the model died on this request, twice.',
  503: 'The version is still loading or cannot be loaded, the registry is away, or the server is stopping.',
  504: 'No answer within the deadline.',
} as const;

/** Of a request that only reads metadata. */
const readFailures = ['400', '404', '500', '503'] as const;

export const answerHeaders: Readonly<Record<string, Reference>> = {
  'countersign-model': { $ref: '#/components/headers/countersign-model' },
  'countersign-version': { $ref: '#/components/headers/countersign-version' },
  'countersign-member-versions': { $ref: '#/components/headers/countersign-member-versions' },
  'x-request-id': { $ref: '#/components/headers/x-request-id' },
  'server-timing': { $ref: '#/components/headers/server-timing' },
};

/** The error answers of a call, as problem documents or in MLflow's shape. */
export function callFailureResponses(shape: 'problem' | 'mlflow'): Readonly<Record<string, Reference>> {
  return references(Object.keys(callFailures), shape);
}

export function readFailureResponses(): Readonly<Record<string, Reference>> {
  return references(readFailures, 'problem');
}

function references(statuses: readonly string[], shape: string): Readonly<Record<string, Reference>> {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${shape}-${status}` }]),
  );
}

/** What the paths refer to; `models` are the schemas of the models' requests and answers. */
export function components(
  models: Readonly<Record<string, JsonSchema>>,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return {
    schemas: { ...models, ...viewSchemas, Problem: problemSchema, MlflowError: mlflowErrorSchema },
    headers,
    responses: { ...failures('problem'), ...failures('mlflow') },
  };
}

function failures(shape: 'problem' | 'mlflow'): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    Object.entries(callFailures).map(([status, description]) => [
      `${shape}-${status}`,
      { description, headers: answerHeaders, content: failureContent(shape, status) },
    ]),
  );
}

function failureContent(shape: 'problem' | 'mlflow', status: string): NonNullable<Response['content']> {
  if (shape === 'problem') {
    return { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  }
  if (status === '415') return { 'text/plain': { schema: { type: 'string' } } };
  return { 'application/json': { schema: { $ref: '#/components/schemas/MlflowError' } } };
}

const text = (description: string): JsonSchema => ({ description, schema: { type: 'string' } });

const headers: Readonly<Record<string, unknown>> = {
  'countersign-model': text('The model that answered, percent-encoded; also on errors, once it is known.'),
  'countersign-version': text('The version that answered; also on errors, once it is known.'),
  'countersign-member-versions': text(
    'The versions of the members that took part in the answer of a composed model: `gate=2, expert=1`.',
  ),
  'x-request-id': text("The caller's `x-request-id`, else a new one. The server log has it."),
  'server-timing': text('Where the time went: stages and their milliseconds.'),
};

const problemSchema: JsonSchema = {
  description: 'An error (RFC 9457). Match on `code`, which is permanent.',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Where the code is explained.' },
    title: { type: 'string', description: 'The code in words.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What happened here, and why.' },
    code: { type: 'string', description: 'Permanent; match on this.', examples: ['INVALID_INPUT'] },
    hint: { type: 'string', description: 'What to do about it.' },
    requestId: { type: 'string', description: 'Names the request in the server log.' },
    errors: {
      type: 'array',
      description: 'Each thing that is wrong with the request.',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body as sent.' },
          message: { type: 'string' },
        },
      },
    },
    differences: { type: 'array', items: { $ref: '#/components/schemas/Difference' } },
  },
};

const mlflowErrorSchema: JsonSchema = {
  description: 'An error as `mlflow models serve` answers it.',
  type: 'object',
  required: ['error_code', 'message'],
  properties: { error_code: { type: 'string', examples: ['BAD_REQUEST'] }, message: { type: 'string' } },
};
