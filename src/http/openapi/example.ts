import { openEnvelope } from '../../codec/serve/envelope.ts';
import type { EndpointTerms } from '../../endpoint/endpoint.ts';
import { asRecord } from '../../util/unknown.ts';
import { goesInQuery } from './parameters.ts';

/** The model's own input example, taken apart as the document shows it. */
export interface DocumentedExample {
  /** The rows without their params. */
  readonly inputs: unknown;
  /** All params the example gives. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The body of /serve; its params are shown in the query where they can go there. */
  readonly body: unknown;
}

export function exampleOf({ contract, example }: EndpointTerms): DocumentedExample | null {
  const request = example?.request ?? null;
  if (request === null) return null;
  const { inputs, params } = openEnvelope(request, contract.signature);
  const given = asRecord(params);
  const inQuery = new Set(contract.signature?.params.filter(goesInQuery).map(({ name }) => name));
  const rest = Object.entries(given).filter(([name]) => !inQuery.has(name));
  const body = rest.length === 0 ? inputs : { inputs, params: Object.fromEntries(rest) };
  return { inputs, params: given, body };
}
