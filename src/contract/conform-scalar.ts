import { Timestamp, type Dtype, type Nested } from '../payload/payload.ts';

/**
 * The value as a cell of the dtype, in the form nested values have (int64 as bigint, others as number,
 * datetimes as Timestamp); undefined where it is none, or would lose something.
 *
 * @param exact Refuse to round an integer to a float; without it a number may be a float that rounds to nearest.
 */
export function readScalar(dtype: Dtype, value: Nested, exact: boolean): Nested | undefined {
  switch (dtype) {
    case 'object':
      return value;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'str':
      return typeof value === 'string' ? value : undefined;
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined;
    case 'datetime64':
      return value instanceof Timestamp ? value : undefined;
    case 'float16':
      return readFloat(value, Math.f16round, exact);
    case 'float32':
      return readFloat(value, Math.fround, exact);
    case 'float64':
      return readFloat(value, (number) => number, exact);
    case 'int64':
    case 'uint64':
      return readInteger(value, dtype);
    default: {
      const integer = readInteger(value, dtype);
      return integer === undefined ? undefined : Number(integer);
    }
  }
}

type IntegerDtype = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

const bounds: Readonly<Record<IntegerDtype, readonly [bigint, bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** A float that is an integer counts as one: pandas makes floats of an integer column that has a null. */
function readInteger(value: Nested, dtype: IntegerDtype): bigint | undefined {
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isInteger) return undefined;
  const integer = BigInt(value);
  const [least, most] = bounds[dtype];
  return integer >= least && integer <= most ? integer : undefined;
}

function readFloat(value: Nested, round: (value: number) => number, exact: boolean): number | undefined {
  if (typeof value === 'bigint') {
    const rounded = round(Number(value));
    return Number.isFinite(rounded) && BigInt(rounded) === value ? rounded : undefined;
  }
  if (typeof value !== 'number') return undefined;
  const rounded = round(value);
  const overflows = Number.isFinite(value) && !Number.isFinite(rounded);
  return overflows || (exact && rounded !== value) ? undefined : rounded;
}
