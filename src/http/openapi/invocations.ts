import { arrowContent } from './arrow.ts';
import { answerHeaders, callFailureResponses } from './components.ts';
import { exampleOf } from './example.ts';
import type { DocumentedModel } from './documented-model.ts';
import { invocationsSchema, takesRecords } from './invocations-schema.ts';
import type { Example, JsonSchema, Operation } from './openapi-types.ts';
import { membersParameter, selectorParameter } from './parameters.ts';

const description = `MLflow's scoring protocol, as \`mlflow models serve\` answers it: a client of MLflow works unchanged.
Beside the forms below it takes \`text/csv\`, \`application/vnd.apache.parquet\` and, which MLflow's server does not,
\`application/vnd.apache.arrow.stream\`. Extra columns and unknown params
are dropped, and the answer is not checked, as in MLflow.`;

/** `POST /invocations`, in its simple forms. */
export function invocations(model: DocumentedModel): Operation {
  const sample = sampleOf(model);
  return {
    operationId: `${model.id}.invocations`,
    tags: [model.name],
    summary: "Call the model as MLflow's own server is called",
    description,
    parameters: [...selectorParameter(model.selectors), ...membersParameter(model.description.members ?? [])],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: invocationsSchema(model.terms.contract.signature),
          ...(sample === null ? {} : { examples: { example: sample } }),
        },
        ...arrowContent('An Arrow IPC stream: columns by name.'),
      },
    },
    responses: {
      200: {
        description: 'The predictions.',
        headers: answerHeaders,
        content: {
          'application/json': { schema: predictions },
          ...arrowContent('An Arrow IPC stream, where `Accept` asks for it.'),
        },
      },
      ...callFailureResponses('mlflow'),
    },
  };
}

const predictions: JsonSchema = {
  type: 'object',
  required: ['predictions'],
  properties: { predictions: {} },
};

/** The model's own example in the form that is nearest to /serve. */
function sampleOf({ terms }: DocumentedModel): Example | null {
  const example = exampleOf(terms);
  if (example === null) return null;
  const { inputs, params } = example;
  const { signature } = terms.contract;
  const rows = Array.isArray(inputs) ? (inputs as unknown[]) : [inputs];
  const data = signature !== null && takesRecords(signature) ? { dataframe_records: rows } : { inputs };
  const more = Object.keys(params).length === 0 ? {} : { params };
  return { summary: "The model's own input example", value: { ...data, ...more } };
}
