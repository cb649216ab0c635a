import { paramsSchema } from '../../contract/json-schema.ts';
import type { ParamSpec, Signature } from '../../contract/signature.ts';
import { asList, asRecord } from '../../util/unknown.ts';
import { memberVersionsHeader } from '../member-versions.ts';
import { selectorHeaders } from '../selector.ts';
import type { Example, JsonSchema, Parameter } from './openapi-types.ts';

/** The header that names a version; none where the path does. */
export function selectorParameter(selectors: readonly string[]): readonly Parameter[] {
  if (selectors.length === 0) return [];
  const examples: Record<string, Example> = { default: { summary: 'The default version', value: '' } };
  // No key may look like a number: JavaScript would put it before the others.
  for (const selector of selectors) examples[exampleKey(selector)] = sample(selector);
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

function exampleKey(selector: string): string {
  return selector.startsWith('@') ? `alias-${selector.slice(1)}` : `version-${selector}`;
}

function sample(selector: string): Example {
  const summary = selector.startsWith('@') ? `Alias ${selector.slice(1)}` : `Version ${selector}`;
  return { summary, value: selector };
}

/** The header that names versions of a composed model's members; none for any other model. */
export function membersParameter(members: readonly string[]): readonly Parameter[] {
  const [first] = members;
  if (first === undefined) return [];
  const names = members.map((name) => encodeURIComponent(name).replaceAll(/[.*()]/g, '\\$&')).join('|');
  const item = `(${names})=(latest|[0-9]{1,9}|@[A-Za-z0-9_-]{1,100})`;
  return [
    {
      name: memberVersionsHeader,
      in: 'header',
      required: false,
      description: `Versions of members: ${members.map((name) => `\`${name}\``).join(', ')}. The others are asked as the config says.`,
      schema: { type: 'string', pattern: `^(|${item}(, ?${item})*)$` },
      examples: {
        default: { summary: 'As the config says', value: '' },
        version: { summary: `Version 1 of ${first}`, value: `${encodeURIComponent(first)}=1` },
      },
    },
  ];
}

/** Params by their own names, each with what the model's example gives. */
export function queryParameters(
  signature: Signature | null,
  given: Readonly<Record<string, unknown>>,
): readonly Parameter[] {
  const schemas = asRecord(paramsSchema(signature)['properties']);
  const specs = signature?.params.filter(goesInQuery) ?? [];
  return specs.map(({ name }) => ({
    name,
    in: 'query',
    required: false,
    schema: withoutNull(asRecord(schemas[name])),
    ...(given[name] === undefined || given[name] === null ? {} : { example: given[name] }),
  }));
}

/** An object or a list of lists has no form in a query string: it goes in the envelope only. */
export function goesInQuery({ type }: ParamSpec): boolean {
  return type.kind !== 'object' && type.kind !== 'map' && type.kind !== 'array' && type.kind !== 'any';
}

/** Null has no form in a query string either: leave the param out. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf, default: value, ...rest } = schema;
  return {
    ...rest,
    ...(type === undefined
      ? {}
      : { type: Array.isArray(type) ? asList(type).find((each) => each !== 'null') : type }),
    ...(anyOf === undefined
      ? {}
      : { anyOf: asList(anyOf).filter((each) => asRecord(each)['type'] !== 'null') }),
    ...(value === undefined || value === null ? {} : { default: value }),
  };
}
