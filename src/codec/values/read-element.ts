import type { TensorDtype } from '../../contract/signature.ts';
import { Timestamp, type Nested } from '../../payload/payload.ts';
import { Faults } from './faults.ts';
import { readAny, strict } from './read-nested.ts';
import { anyDouble, readFloat, readIntegerWithin, readScalar } from './read-scalar.ts';
import { expected } from './words.ts';

/** Reads one JSON value as an element of a tensor, in the form that the vector of the dtype holds. */
export type ElementReader = (value: unknown) => Nested | Faults;

const readers: Readonly<Record<TensorDtype, ElementReader>> = {
  bool: (value) => (typeof value === 'boolean' ? Number(value) : Faults.of(expected('true or false', value))),
  int8: integer(-128, 127),
  int16: integer(-32_768, 32_767),
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  int64: bigInteger(-(2n ** 63n), 2n ** 63n - 1n),
  uint8: integer(0, 255),
  uint16: integer(0, 65_535),
  uint32: integer(0, 2 ** 32 - 1),
  uint64: bigInteger(0n, 2n ** 64n - 1n),
  float16: float('16-bit floats', Math.f16round),
  float32: float('32-bit floats', Math.fround),
  float64: float('doubles', (value) => value),
  str: (value) => readScalar('string', value),
  bytes: (value) => readScalar('binary', value),
  object: (value) => readAny(value, 0, strict),
  datetime64: (value) => {
    const read = readScalar('datetime', value);
    return read instanceof Timestamp ? read.nanoseconds : read;
  },
};

export function elementReader(dtype: TensorDtype): ElementReader {
  return readers[dtype];
}

function integer(least: number, most: number): ElementReader {
  const words = `an integer from ${String(least)} to ${String(most)}`;
  return (value) => {
    const read = readIntegerWithin(value, BigInt(least), BigInt(most));
    return read === null ? Faults.of(expected(words, value)) : Number(read);
  };
}

function bigInteger(least: bigint, most: bigint): ElementReader {
  const words = `an integer from ${String(least)} to ${String(most)}`;
  return (value) => readIntegerWithin(value, least, most) ?? Faults.of(expected(words, value));
}

/** Null is NaN, as in a column. */
function float(range: string, round: (value: number) => number): ElementReader {
  const words = `a number within the range of ${range}`;
  return (value) =>
    value === null ? Number.NaN : (readFloat(value, round) ?? Faults.of(expected(words, value)));
}

/** The same for a protocol that has NaN and infinities, also for a number too large for a float. */
export function nonFiniteElementReader(dtype: TensorDtype): ElementReader {
  const read = elementReader(dtype);
  // A typed array rounds by itself, beyond its range to infinity.
  return dtype.startsWith('float') ? (value) => anyDouble(value) ?? read(value) : read;
}
