import type { Longs } from '../codec/rows.ts';
import type { Contract } from '../contract/contract.ts';
import { paramsSchema, rowSchema, type RowSchema } from './row-schema.ts';

const banner = `/**
 * The rows of models, from their contracts. Written by \`countersign types\`; write it again when a contract changes.
 */`;

/** A TypeScript declaration file that tells `compose` the rows of these models. */
export async function declareModels(contracts: readonly Contract[], longs: Longs): Promise<string> {
  // Loaded here because it brings a formatter along, which a server has no use for.
  const { compile } = await import('json-schema-to-typescript');
  const sorted = [...contracts].sort((a, b) => (a.model < b.model ? -1 : 1));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(sorted.map((contract) => [contract.model, modelSchema(contract, longs)])),
    required: sorted.map(({ model }) => model),
    additionalProperties: false,
  } as const;
  const declared = await compile(schema, 'Models', {
    bannerComment: '',
    style: { singleQuote: true, printWidth: 110 },
  });
  const inner = declared
    .trim()
    .replace(/^export /, '')
    .replaceAll(/^(?=.)/gm, '  ');
  return `${banner}\nexport {};\n\ndeclare module 'countersign' {\n${inner}\n}\n`;
}

function modelSchema({ signature }: Contract, longs: Longs): RowSchema {
  const params = signature?.params ?? [];
  const named = params.length === 0 ? [] : ['params'];
  return {
    type: 'object',
    properties: {
      input: rowSchema(signature?.inputs ?? null, longs),
      output: rowSchema(signature?.outputs ?? null, longs),
      ...(params.length === 0 ? {} : { params: paramsSchema(params, longs) }),
    },
    required: ['input', 'output', ...named],
    additionalProperties: false,
  };
}
