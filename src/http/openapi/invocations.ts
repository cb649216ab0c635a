import { paramsSchema, requestSchema, rowSchema } from '../../contract/json-schema.ts';
import { type ColumnSchema, type Schema, type Signature } from '../../contract/signature.ts';
import { answerHeaders, callFailureResponses } from './components.ts';
import { asRecord } from '../../util/unknown.ts';
import { exampleOf } from './example.ts';
import { type DocumentedModel } from './documented-model.ts';
import { type Example, type JsonSchema, type Operation } from './openapi-types.ts';
import { selectorParameter } from './parameters.ts';

const description = `MLflow's scoring protocol, as \`mlflow models serve\` answers it: a client of MLflow works unchanged.
Beside the forms below it takes \`text/csv\` and \`application/vnd.apache.parquet\`. Extra columns and unknown params
are dropped, and the answer is not checked, as in MLflow.`;

/** `POST /invocations`, in its simple forms. */
export function invocations(model: DocumentedModel): Operation {
  const sample = sampleOf(model);
  return {
    operationId: `${model.id}.invocations`,
    tags: [model.name],
    summary: "Call the model as MLflow's own server is called",
    description,
    parameters: selectorParameter(model.selectors),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: requestOf(model.terms.contract.signature),
          ...(sample === null ? {} : { examples: { example: sample } }),
        },
      },
    },
    responses: {
      200: {
        description: 'The predictions.',
        headers: answerHeaders,
        content: { 'application/json': { schema: predictions } },
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

function requestOf(signature: Signature | null): JsonSchema {
  const inputs = signature?.inputs ?? null;
  if (signature === null || inputs === null) return body('inputs', {});
  const params = signature.params.length === 0 ? {} : { params: paramsSchema(signature) };
  return { anyOf: forms(signature, inputs).map(([key, schema]) => body(key, schema, params)) };
}

function forms(signature: Signature, inputs: Schema): readonly (readonly [string, JsonSchema])[] {
  if (inputs.kind !== 'columns' || !takesRecords(signature)) {
    return [['inputs', requestSchema({ ...signature, params: [] })]];
  }
  const records = { type: 'array', minItems: 1, items: rowSchema(signature) };
  return [
    ['dataframe_records', records],
    ['dataframe_split', split(inputs, rowSchema(signature))],
  ];
}

/** Named columns; models from type hints take `inputs` only, as MLflow has it. */
function takesRecords({ inputs, fromTypeHint }: Signature): boolean {
  return inputs?.kind === 'columns' && inputs.named && !fromTypeHint;
}

/** Every column in the order of the signature; each cell as in a row. */
function split({ columns }: ColumnSchema, row: JsonSchema): JsonSchema {
  const cells = asRecord(row['properties']);
  const names = columns.map(({ name }) => name ?? '');
  const width = { minItems: names.length, maxItems: names.length };
  const data = { type: 'array', prefixItems: names.map((name) => cells[name] ?? {}), items: false, ...width };
  return {
    type: 'object',
    required: ['columns', 'data'],
    additionalProperties: false,
    properties: { columns: { const: names }, data: { type: 'array', minItems: 1, items: data } },
  };
}

function body(key: string, schema: JsonSchema, more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  return {
    type: 'object',
    required: [key],
    additionalProperties: false,
    properties: { [key]: schema, ...more },
  };
}

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
