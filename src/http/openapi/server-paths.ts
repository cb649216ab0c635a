import { viewResponse } from './model-paths.ts';
import { readFailureResponses } from './components.ts';
import type { Operation, Paths, Tag } from './openapi-types.ts';

export const serverTag: Tag = { name: 'Server', description: 'What is served, and how the server is.' };

function operation(
  id: string,
  summary: string,
  rest: Pick<Operation, 'responses' | 'parameters'>,
): Operation {
  return { operationId: `server.${id}`, tags: [serverTag.name], summary, ...rest };
}

/** The routes that belong to no model. */
export const serverPaths: Paths = {
  '/models': {
    get: operation('models', 'List the models that are served', {
      parameters: [
        {
          name: 'limit',
          in: 'query',
          required: false,
          schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
        },
        {
          name: 'after',
          in: 'query',
          required: false,
          description: 'Start after this name.',
          schema: { type: 'string' },
        },
      ],
      responses: { 200: viewResponse('Models'), ...readFailureResponses() },
    }),
  },
  '/livez': {
    get: operation('livez', 'The process answers', { responses: { 200: { description: 'It lives.' } } }),
  },
  '/readyz': {
    get: operation('readyz', 'The default of every named model answers', {
      responses: {
        200: viewResponse('Readiness'),
        503: { ...viewResponse('Readiness'), description: 'Not yet; `waiting` says for what.' },
      },
    }),
  },
  '/metrics': {
    get: operation('metrics', 'Metrics for Prometheus', {
      responses: { 200: { description: "Prometheus' text format." } },
    }),
  },
};
