import type { EndpointDescription, EndpointTerms } from '../../endpoint/endpoint.ts';

/** One model, as the document tells of it. */
export interface DocumentedModel {
  readonly name: string;
  /** Unique in the document and fit for component names and operation ids. */
  readonly id: string;
  /** Prefix of its paths: empty, `/models/NAME` or `/models/NAME/versions/2`. */
  readonly base: string;
  readonly description: EndpointDescription;
  readonly terms: EndpointTerms;
  /** Selectors that exist right now: `2`, `@production`. Empty when the path names the version. */
  readonly selectors: readonly string[];
}

/** A name as an identifier; `used` keeps two names apart that would become the same. */
export function identifier(name: string, used: Set<string>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_') || '_';
  let id = plain;
  for (let count = 2; used.has(id); count += 1) id = `${plain}_${String(count)}`;
  used.add(id);
  return id;
}

export function schemaNames({ id }: DocumentedModel): Readonly<Record<'request' | 'answer', string>> {
  return { request: `${id}.Request`, answer: `${id}.Answer` };
}
