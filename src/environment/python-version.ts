/** Older ones cannot run the model host. */
const minimumMinor = 10;

/** The minor version of a CPython 3 version text: 11 for '3.11.7'; null for what is none. */
export function minorOf(version: string): number | null {
  const minor = /^3\.(\d+)/.exec(version)?.[1];
  return minor === undefined ? null : Number(minor);
}

export function isSupported(minor: number | null): boolean {
  return minor !== null && minor >= minimumMinor;
}

/**
 * Orders what is there by closeness to the wanted minor version: itself, then the nearest, of two equally near
 * the newer. Without a wish the newest comes first. Unsupported ones are left out.
 */
export function byCloseness<Item extends { readonly minor: number }>(
  wanted: number | null,
  items: readonly Item[],
): readonly Item[] {
  const distance = (item: Item): number => (wanted === null ? 0 : Math.abs(item.minor - wanted));
  return items
    .filter((item) => isSupported(item.minor))
    .toSorted((a, b) => distance(a) - distance(b) || b.minor - a.minor);
}
