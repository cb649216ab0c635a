import type { JsonSchema } from './openapi-types.ts';

const string: JsonSchema = { type: 'string' };
const orNull = (type: string): JsonSchema => ({ type: [type, 'null'] });
const schema = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** An object with exactly these properties, all of them there. */
function record(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}

const verified = record(
  { ok: { type: 'boolean' }, reason: string },
  'Whether answers are known to fit the signature.',
);

const difference = record({
  path: { type: 'string', examples: ['/inputs/prompt'] },
  kind: { type: 'string', examples: ['input_removed'] },
  breaking: { type: 'boolean' },
  contract: orNull('string'),
  version: orNull('string'),
  message: string,
});

const links = record({
  serve: string,
  invocations: string,
  contract: string,
  versions: string,
  openapi: string,
  docs: string,
});

const model = record({
  name: string,
  description: orNull('string'),
  default: { type: 'string', description: 'The version that pins the contract.' },
  aliases: { type: 'object', additionalProperties: string },
  ready: { type: 'boolean', description: 'The default is loaded and answers.' },
  links,
});

const unreadable = record(
  { name: string, error: record({ code: string, detail: string }) },
  'A model whose metadata cannot be read.',
);

const models = record({
  defaultModel: { ...orNull('string'), description: 'Who owns the short routes.' },
  models: listOf({ anyOf: [schema('Model'), schema('UnreadableModel')] }),
  next: { ...orNull('string'), description: 'Path of the next page.' },
});

const contract = record({
  model: string,
  version: { type: 'string', description: 'The version whose signature it is.' },
  signature: { ...orNull('object'), description: "The signature in MLflow's grammar; null: none, untyped." },
  mlflowVersion: orNull('string'),
  verified,
});

const version = record({
  version: string,
  aliases: listOf(string),
  state: {
    enum: ['registered', 'loading', 'available', 'draining', 'unloading', 'unloaded', 'failed'],
  },
  reason: { type: 'string', description: 'Why it is in this state.' },
  engine: orNull('string'),
  detail: orNull('string'),
  memoryBytes: orNull('integer'),
  batching: record({ enabled: { type: 'boolean' }, reason: string }),
  compatibility: {
    enum: ['identical', 'compatible', 'incompatible', 'unknown'],
    description: '`unknown` until the version was looked at.',
  },
  differences: listOf(schema('Difference')),
  verified: { anyOf: [verified, { type: 'null' }] },
});

const versions = record({ model: string, default: string, versions: listOf(schema('Version')) });

/** The schemas of views.ts; a test holds both together. */
export const viewSchemas: Readonly<Record<string, JsonSchema>> = {
  Difference: difference,
  Model: model,
  UnreadableModel: unreadable,
  Models: models,
  Contract: contract,
  Version: version,
  Versions: versions,
  Readiness: record({ ready: { type: 'boolean' }, waiting: listOf(string) }),
};
