import { type Signature } from '../../contract/signature.ts';
import { selectorHeaders } from '../selector.ts';
import { type Example, type JsonSchema, type Parameter } from './openapi-types.ts';

/** The header that names a version; none where the path does. */
export function selectorParameter(selectors: readonly string[]): readonly Parameter[] {
  if (selectors.length === 0) return [];
  const examples: Record<string, Example> = { default: { summary: 'The default version', value: '' } };
  for (const selector of selectors) examples[selector.replace('@', 'alias-')] = sample(selector);
  return [
    {
      name: selectorHeaders[0],
      in: 'header',
      required: false,
      description:
        'Which version answers: a number, `@alias` or `latest`; empty or absent is the default. ' +
        `Where a proxy drops underscores: \`${selectorHeaders[1]}\`.`,
      schema: { type: 'string', pattern: '^(|latest|[0-9]{1,9}|@[A-Za-z0-9_-]{1,100})$' },
      examples,
    },
  ];
}

function sample(selector: string): Example {
  const summary = selector.startsWith('@') ? `Alias ${selector.slice(1)}` : `Version ${selector}`;
  return { summary, value: selector };
}

/** Params by their own names. An object fits into no query string, so it goes in the envelope only. */
export function queryParameters(signature: Signature, schema: JsonSchema): readonly Parameter[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  return signature.params
    .filter(({ type }) => !['object', 'map', 'any'].includes(type.kind))
    .map(({ name }) => ({ name, in: 'query', required: false, schema: properties[name] ?? {} }));
}
