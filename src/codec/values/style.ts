/** What JSON has no words for, as one protocol writes it. Each answers a JSON text. */
export interface JsonStyle {
  /** Floats of 32 and 16 bits as the shortest decimal of their own precision, not of the double they widen to. */
  readonly shortFloats: boolean;
  /** NaN and the infinities, of a column, a tensor, or where nothing says what it is. */
  readonly nonFinite: (value: number) => string;
  /** The same within a typed list, object or map, where null would be no number. */
  readonly nestedNonFinite: (value: number) => string;
  /** Nanoseconds since the epoch. */
  readonly datetime: (nanoseconds: bigint) => string;
  /** A missing datetime. */
  readonly notATime: string;
  readonly bytes: (bytes: Uint8Array) => string;
}
