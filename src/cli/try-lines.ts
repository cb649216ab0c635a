import { type Gateway } from '../gateway.ts';
import { writeJson } from '../util/write-json.ts';

const shown = 5;

/** What to type next: the documents, and a curl line for the first models with their own input example. */
export async function tryLines({ catalogue, http }: Pick<Gateway, 'catalogue' | 'http'>): Promise<string> {
  const address = http.listeningOrigin;
  const { signal } = new AbortController();
  const names = await catalogue.names(signal);
  const first = [...names].sort(
    (a, b) => Number(b === catalogue.defaultName) - Number(a === catalogue.defaultName),
  );
  const lines = await Promise.all(
    first.slice(0, shown).map(async (name) => {
      const route = name === catalogue.defaultName ? '/serve' : `/models/${encodeURIComponent(name)}/serve`;
      return `  curl -s ${address}${route} -H 'content-type: application/json' -d ${shellQuote(await exampleOf(name))}`;
    }),
  );
  const rest =
    names.length > shown ? [`  ... and ${String(names.length - shown)} more: ${address}/models`] : [];
  return ['', `Documents: ${address}/docs`, 'Try:', ...lines, ...rest, ''].join('\n');

  async function exampleOf(name: string): Promise<string> {
    const endpoint = await catalogue.endpoint(name, signal);
    const { example } = await endpoint.terms({ kind: 'default' }, 'contract', signal);
    const request = example?.request ?? {};
    return writeJson(Array.isArray(request) ? (request[0] as unknown) : request);
  }
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
