import { type Selector, parseSelector } from '../endpoint/selector.ts';
import { countersignError } from '../errors/countersign-error.ts';

/** Ray Serve's name, and the same for proxies that drop or rewrite underscores. */
export const selectorHeaders = ['serve_multiplexed_model_id', 'serve-multiplexed-model-id'] as const;

/** Header values as Node gives them: repeated lines are joined with a comma, or come as a list. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What one request selects: its path, the headers, or nothing for the default. The path and the headers may say
 * the same thing (`01` is `1`); an empty header says nothing.
 * Throws INVALID_SELECTOR, and CONFLICTING_SELECTORS when two disagree.
 */
export function readSelector(headers: HeaderValues, path: Selector | null): Selector {
  if (selectorHeaders.every((name) => headers[name] === undefined)) return path ?? { kind: 'default' };
  const said = selectorHeaders.flatMap((name) => values(headers[name])).map(parseSelector);
  const all = (path === null ? said : [path, ...said]).filter(({ kind }) => kind !== 'default');
  const [first = { kind: 'default' } as const, ...others] = all;
  if (others.some((other) => selectorText(other) !== selectorText(first))) {
    throw countersignError('CONFLICTING_SELECTORS', [...new Set(all.map(selectorText))]);
  }
  return first;
}

/** The version of a path such as `/versions/01`: digits or `latest`. Throws INVALID_SELECTOR. */
export function versionInPath(text: string): Selector {
  const selector = parseSelector(text);
  if (selector.kind === 'version' || selector.kind === 'latest') return selector;
  throw countersignError('INVALID_SELECTOR', text.slice(0, 100));
}

/** A selector as a caller would write it. */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case 'default':
      return '';
    case 'latest':
      return 'latest';
    case 'version':
      return selector.version;
    case 'alias':
      return `@${selector.alias}`;
  }
}

function values(header: string | readonly string[] | undefined): readonly string[] {
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  const all = lines.flatMap((line) => line.split(','));
  if (all.length > 1 && all.some((value) => value.trim() === '')) {
    throw countersignError('INVALID_SELECTOR', all.join(',').slice(0, 100));
  }
  return all;
}
