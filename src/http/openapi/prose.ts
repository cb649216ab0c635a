import type { DocumentedModel } from './documented-model.ts';

/** A row or a list of rows in, a list out; what else a caller should know of this model. */
export function serveDescription({ terms }: DocumentedModel): string {
  const { contract } = terms;
  const lines = [
    `One row or a list of rows in, always a list out: one output per row, in order. Requests and answers are the signature of version ${contract.version}.`,
  ];
  if (contract.signature === null) {
    lines.push(
      '**Untyped**: the model was logged without a signature, so any JSON goes in and nothing is checked.',
    );
  } else if (!terms.verified.ok) {
    lines.push(`**Unverified answers**: ${terms.verified.reason}`);
  }
  if ((contract.signature?.params.length ?? 0) > 0) {
    lines.push(
      'Params go in the query, or in the body as `{"inputs": ..., "params": {...}}`; the same one in both is an error.',
    );
  }
  lines.push(
    'Either may be an Arrow IPC stream (`application/vnd.apache.arrow.stream` as `Content-Type`, or in `Accept`).',
  );
  lines.push('A model that streams answers server-sent events to `Accept: text/event-stream`, for one row.');
  return lines.join('\n\n');
}

export function tagDescription({ base, description, terms }: DocumentedModel): string {
  const aliases = Object.entries(description.aliases).map(([alias, version]) => `@${alias} is ${version}`);
  const parts = [
    description.description ?? '',
    `The contract is version ${terms.contract.version}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}.`,
    base === '' ? `The same under \`/models/${encodeURIComponent(description.name)}\`.` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}
