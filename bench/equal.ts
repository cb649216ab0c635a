/** Two runtimes add the trees of a forest up in another order and precision. */
const tolerance = 1e-4;

/**
 * Throws unless two answers of `/invocations` hold the same values, in the same order. Servers name the column of an
 * unnamed output as they like.
 */
export function requireEqual(ours: string, theirs: string, what: string): void {
  const [one, other] = [valuesOf(ours), valuesOf(theirs)];
  const same =
    one.length === other.length && one.length > 0 && one.every((value, index) => alike(value, other[index]));
  if (!same) throw new Error(`${what}: the answers differ:\n${ours.slice(0, 500)}\n${theirs.slice(0, 500)}`);
}

function valuesOf(text: string): readonly unknown[] {
  const parsed = JSON.parse(text) as { predictions?: unknown };
  return leaves(parsed.predictions ?? parsed);
}

function leaves(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

function alike(one: unknown, other: unknown): boolean {
  if (typeof one !== 'number' || typeof other !== 'number') return one === other;
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other));
}
