/** Smallest, middle and largest of some numbers; what is none is left out. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** Ratios of runs made side by side: run by run, so that what slows both down for a while takes itself out. */
export function ratios(over: readonly number[], under: readonly number[]): Spread {
  return spread(over.map((value, index) => value / (under[index] ?? Number.NaN)));
}

/** `12 (9.8-14)`: the middle and, in brackets, the ends. */
export function shownSpread({ min, median, max }: Spread): string {
  return `${shown(median)} (${shown(min)}-${shown(max)})`;
}

/** Two figures that count, three from a hundred on. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 100) return value.toFixed(0);
  return Number(value.toPrecision(2)).toString();
}
