import { exampleRow } from '../contract/example.ts';
import type { Signature } from '../contract/signature.ts';
import type { Catalogue } from '../endpoint/endpoint.ts';
import { isRecord } from '../util/unknown.ts';
import { writeJson } from '../util/write-json.ts';

const shown = 5;

/** What to type next: the documents, and a curl line for the first models with their own input example. */
export async function tryLines(catalogue: Catalogue, address: string): Promise<string> {
  const { signal } = new AbortController();
  const names = await catalogue.names(signal);
  const first = [...names].sort(
    (a, b) => Number(b === catalogue.defaultName) - Number(a === catalogue.defaultName),
  );
  const lines = await Promise.all(
    first.slice(0, shown).map((name) => line(catalogue, address, name, signal)),
  );
  const rest =
    names.length > shown ? [`  # and ${String(names.length - shown)} more: ${address}/models`] : [];
  return ['', `Documents: ${address}/docs`, 'Try:', ...lines, ...rest, ''].join('\n');
}

/** One model that cannot be read is told of in its place. */
async function line(
  catalogue: Catalogue,
  address: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const route = name === catalogue.defaultName ? '/serve' : `/models/${encodeURIComponent(name)}/serve`;
  const example = await exampleOf(catalogue, name, signal);
  if (example === undefined) return `  # ${name}: it cannot be read; GET ${address}/models says why`;
  const body = example === null ? '' : ` -d ${shellQuote(writeJson(example))}`;
  return `  curl -s ${shellWord(address + route)} -H 'content-type: application/json'${body}`;
}

/** A short body of /serve; null when nothing is known of one, undefined when the model cannot be read. */
async function exampleOf(catalogue: Catalogue, name: string, signal: AbortSignal): Promise<unknown> {
  try {
    const endpoint = await catalogue.endpoint(name, signal);
    const { example, contract } = await endpoint.terms({ kind: 'default' }, 'contract', signal);
    return firstRow(example?.request) ?? madeUp(contract.signature);
  } catch {
    return undefined;
  }
}

/** Of a list of objects the first says enough; any other list may be a single row. */
function firstRow(request: unknown): unknown {
  const first: unknown = Array.isArray(request) ? request[0] : undefined;
  return isRecord(first) ? first : request;
}

function madeUp(signature: Signature | null): unknown {
  const row = exampleRow(signature);
  const inputs = signature?.inputs ?? null;
  if (row === undefined || inputs === null) return null;
  const isBody = inputs.named || (inputs.kind === 'tensors' && inputs.tensors[0]?.shape[0] !== -1);
  return isBody ? row : [row];
}

function shellWord(text: string): string {
  return /^[\w:/.%@~-]+$/.test(text) ? text : shellQuote(text);
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
