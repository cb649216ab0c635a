import { countersignError } from '../errors/countersign-error.ts';

/** How a caller names a version. */
export type Selector =
  | { readonly kind: 'default' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'alias'; readonly alias: string };

/**
 * Reads a selector as people write it: digits (`01` is `1`), `@alias`, `latest`, nothing for the default.
 * Throws INVALID_SELECTOR for anything else.
 */
export function parseSelector(text: string): Selector {
  const value = text.trim();
  if (value === '') return { kind: 'default' };
  if (/^[0-9]+$/.test(value)) return { kind: 'version', version: value.replace(/^0+(?=[0-9])/, '') };
  if (value.toLowerCase() === 'latest') return { kind: 'latest' };
  if (value.startsWith('@') && value.length > 1) return { kind: 'alias', alias: value.slice(1) };
  throw countersignError('INVALID_SELECTOR', value.slice(0, 100));
}
