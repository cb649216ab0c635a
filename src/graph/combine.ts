/** How the answers of an ensemble become one. Pure; each takes the values of one row, one for each member that answered. */

export interface Weighted {
  readonly value: unknown;
  /** Above 0. */
  readonly weight: number;
}

/**
 * The value of the most weight; of values that weigh the same, the one whose first voter comes first. A null is no
 * vote; null when nobody voted.
 */
export function vote(ballots: readonly Weighted[]): unknown {
  const weights = new Map<unknown, number>();
  for (const { value, weight } of ballots) {
    if (value === null || value === undefined) continue;
    const label = typeof value === 'bigint' ? asNumber(value) : value;
    weights.set(label, (weights.get(label) ?? 0) + weight);
  }
  let winner: unknown = null;
  let most = 0;
  for (const [label, weight] of weights) {
    if (weight > most) [winner, most] = [label, weight];
  }
  return winner;
}

/** A class number is the same class whether it came as a long or as an integer. */
function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * The weighted mean of numbers, or of lists of them element by element; a missing number is NaN and makes the mean
 * NaN. Undefined where the lists differ in length or something is no number.
 */
export function mean(parts: readonly Weighted[]): unknown {
  const [first] = parts;
  if (first === undefined) return undefined;
  if (Array.isArray(first.value)) return meanOfLists(parts, first.value.length);
  let sum = 0;
  let total = 0;
  for (const { value, weight } of parts) {
    const number = value === null ? Number.NaN : typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number') return undefined;
    sum += number * weight;
    total += weight;
  }
  return sum / total;
}

function meanOfLists(parts: readonly Weighted[], length: number): unknown {
  const lists: { readonly list: readonly unknown[]; readonly weight: number }[] = [];
  for (const { value, weight } of parts) {
    if (!Array.isArray(value) || value.length !== length) return undefined;
    lists.push({ list: value as readonly unknown[], weight });
  }
  const means = Array.from({ length }, (_, index) =>
    mean(lists.map(({ list, weight }) => ({ value: list[index], weight }))),
  );
  return means.includes(undefined) ? undefined : means;
}
