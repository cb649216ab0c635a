/**
 * A double as JSON: the shortest decimal that reads back to it. Beyond 2^53 with an exponent: readers whose integers
 * have no bounds, Python's among them, would take the zeros at its end for digits.
 */
export function writeFloat64(value: number): string {
  if (value === 0 && Object.is(value, -0)) return '-0';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

/** A 32-bit float as JSON: the shortest decimal that reads back to it *as a 32-bit float*: 0.1, not 0.10000000149011612. */
export function writeFloat32(value: number): string {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 24
    ? writeFloat64(value)
    : shortest(value, Math.fround, Math.abs(value) < smallestNormal32 ? 1 : 6);
}

/** As `writeFloat32`, for 16 bits. */
export function writeFloat16(value: number): string {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 11
    ? writeFloat64(value)
    : shortest(value, Math.f16round, Math.abs(value) < smallestNormal16 ? 1 : 3);
}

// Below these a float has fewer significant digits than the formats promise (6 and 3), down to one.
const smallestNormal32 = 2 ** -126;
const smallestNormal16 = 2 ** -14;

/** The first precision from `digits` on that survives the rounding; `String` then drops zeros at the end. */
function shortest(value: number, round: (value: number) => number, digits: number): string {
  for (let precision = digits; precision < 17; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (round(decimal) === value) return writeFloat64(decimal);
  }
  return writeFloat64(value);
}
