import { answerSchema, requestSchema } from '../../contract/json-schema.ts';
import type { Signature } from '../../contract/signature.ts';
import { modelPath } from '../views.ts';
import { arrowContent } from './arrow.ts';
import { answerHeaders, callFailureResponses, readFailureResponses } from './components.ts';
import { type DocumentedModel, schemaNames } from './documented-model.ts';
import { exampleOf } from './example.ts';
import { invocations } from './invocations.ts';
import type { JsonSchema, MediaType, Operation, Paths, Response } from './openapi-types.ts';
import { goesInQuery, membersParameter, queryParameters, selectorParameter } from './parameters.ts';
import { serveDescription } from './prose.ts';

export function modelSchemas(model: DocumentedModel): Readonly<Record<string, JsonSchema>> {
  const { signature } = model.terms.contract;
  const names = schemaNames(model);
  return { [names.request]: requestOf(signature), [names.answer]: answerOf(model) };
}

/** The same param in the query and in the envelope is an error, so the schema offers one place for each. */
function requestOf(signature: Signature | null): JsonSchema {
  if (signature === null) return { description: 'Anything: the model was logged without a signature.' };
  return requestSchema({ ...signature, params: signature.params.filter((param) => !goesInQuery(param)) });
}

/** Answers that are not known to fit are passed through: promising their type would be untrue. */
function answerOf({ terms: { contract, verified } }: DocumentedModel): JsonSchema {
  if (contract.signature === null)
    return { description: 'Anything: the model was logged without a signature.' };
  if (!verified.ok) return { description: `Not checked against the signature: ${verified.reason}` };
  return answerSchema(contract.signature);
}

/** The paths of one model under its base. */
export function modelPaths(model: DocumentedModel): Paths {
  const { base } = model;
  return {
    [`${base}/serve`]: { post: serve(model) },
    [`${base}/invocations`]: { post: invocations(model) },
    ...metadataPaths(model),
  };
}

function serve(model: DocumentedModel): Operation {
  const { terms } = model;
  const example = exampleOf(terms);
  const names = schemaNames(model);
  return {
    operationId: `${model.id}.serve`,
    tags: [model.name],
    summary: 'Call the model with rows',
    description: serveDescription(model),
    parameters: [
      ...selectorParameter(model.selectors),
      ...membersParameter(model.description.members ?? []),
      ...queryParameters(terms.contract.signature, example?.params ?? {}),
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { $ref: `#/components/schemas/${names.request}` },
          ...sample("The model's own input example", example?.body),
        },
        ...arrowContent('An Arrow IPC stream: the columns of a row as its columns, params in the query.'),
      },
    },
    responses: {
      200: {
        description: 'One output per row, in order.',
        headers: answerHeaders,
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${names.answer}` },
            ...sample('What the model answered to its example', terms.example?.answer),
          },
          ...arrowContent('An Arrow IPC stream: a column for each output, where `Accept` asks for it.'),
        },
      },
      ...callFailureResponses('problem'),
    },
  };
}

function sample(summary: string, value: unknown): Pick<MediaType, 'examples'> {
  return value === undefined || value === null ? {} : { examples: { example: { summary, value } } };
}

/** What the model tells of itself. A version's own document has its contract only. */
function metadataPaths(model: DocumentedModel): Paths {
  const home = modelPath(model.name);
  const ownTerms = model.base.startsWith(`${home}/versions/`);
  if (ownTerms) return { [`${model.base}/contract`]: { get: contract(model) } };
  return {
    [home]: { get: read(model, 'model', 'Describe the model', 'Model') },
    [`${home}/versions`]: { get: read(model, 'versions', 'List its versions and how they fit', 'Versions') },
    [`${home}/contract`]: { get: contract(model) },
    [`${model.base}/ping`]: { get: ping(model, 'ping') },
    [`${model.base}/health`]: { get: ping(model, 'health') },
    [`${model.base}/version`]: { get: mlflowVersion(model) },
  };
}

function read(model: DocumentedModel, id: string, summary: string, view: string): Operation {
  return {
    operationId: `${model.id}.${id}`,
    tags: [model.name],
    summary,
    responses: { 200: viewResponse(view), ...readFailureResponses() },
  };
}

export function viewResponse(view: string): Response {
  const schema = { $ref: `#/components/schemas/${view}` };
  return { description: 'As asked.', content: { 'application/json': { schema } } };
}

function contract(model: DocumentedModel): Operation {
  return read(model, 'contract', "Read the signature, in MLflow's grammar", 'Contract');
}

/** MLflow's bodies are no JSON (a newline, a bare version), so no content is promised. */
function ping(model: DocumentedModel, id: string): Operation {
  return {
    operationId: `${model.id}.${id}`,
    tags: [model.name],
    summary: "Ready? As MLflow's server says it",
    responses: {
      200: { description: 'Ready; the body is one newline.' },
      404: { $ref: '#/components/responses/mlflow-404' },
      503: { description: 'Not yet; the body is one newline.' },
    },
  };
}

function mlflowVersion(model: DocumentedModel): Operation {
  return {
    operationId: `${model.id}.version`,
    tags: [model.name],
    summary: 'The MLflow that logged the default version',
    responses: {
      200: { description: 'The bare version, not quoted.' },
      404: { $ref: '#/components/responses/mlflow-404' },
      503: { $ref: '#/components/responses/mlflow-503' },
    },
  };
}
