import type { ScalarName, TensorDtype } from '../../contract/signature.ts';
import { parseDatetime } from '../../payload/datetime.ts';
import { Decimal } from '../../util/decimal.ts';
import { inferTensor } from './infer.ts';

/**
 * Whether NumPy makes an array of the type of the value, losses included. MLflow casts before it looks at shapes, so
 * that the code of its error tells the two apart; the value itself is refused here either way.
 */
export function isCastable(type: ScalarName | TensorDtype, value: unknown): boolean {
  if (!Array.isArray(value)) return isElementCastable(type, value);
  const tensor = inferTensor(null, value);
  return (
    tensor !== null && value.flat(Number.POSITIVE_INFINITY).every((item) => isElementCastable(type, item))
  );
}

function isElementCastable(type: ScalarName | TensorDtype, value: unknown): boolean {
  switch (type) {
    case 'boolean':
    case 'bool':
    case 'string':
    case 'str':
    case 'binary':
    case 'bytes':
    case 'object':
      return true;
    case 'datetime':
    case 'datetime64':
      return isTime(value);
    case 'float':
    case 'double':
    case 'float16':
    case 'float32':
    case 'float64':
      return value === null || (typeof value === 'string' ? floatText.test(value) : isNumber(value));
    default:
      return isIntegerWithin(integerBounds[type], value);
  }
}

function isTime(value: unknown): boolean {
  if (typeof value === 'string')
    return ['', 'NaT', 'now', 'today'].includes(value) || parseDatetime(value) !== 'malformed';
  const isFraction = value instanceof Decimal || (typeof value === 'number' && !Number.isInteger(value));
  return value === null || (!isFraction && isIntegerWithin(integerBounds.int64, value));
}

const floatText = /^\s*[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf(?:inity)?)\s*$/i;
const integerText = /^\s*[+-]?\d+\s*$/;

type IntegerName = Extract<ScalarName | TensorDtype, 'integer' | 'long' | `int${number}` | `uint${number}`>;

const integerBounds: Readonly<Record<IntegerName, readonly [least: bigint, most: bigint]>> = {
  integer: signed(32n),
  long: signed(64n),
  int8: signed(8n),
  int16: signed(16n),
  int32: signed(32n),
  int64: signed(64n),
  uint8: unsigned(8n),
  uint16: unsigned(16n),
  uint32: unsigned(32n),
  uint64: unsigned(64n),
};

function signed(bits: bigint): readonly [least: bigint, most: bigint] {
  return [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

function unsigned(bits: bigint): readonly [least: bigint, most: bigint] {
  return [0n, 2n ** bits - 1n];
}

function isNumber(value: unknown): boolean {
  return value instanceof Decimal || ['number', 'bigint', 'boolean'].includes(typeof value);
}

/** Fractions are cut off. */
function isIntegerWithin([least, most]: readonly [least: bigint, most: bigint], value: unknown): boolean {
  if (typeof value === 'bigint') return value >= least && value <= most;
  if (typeof value === 'string' ? !integerText.test(value) : !isNumber(value)) return false;
  const number = Math.trunc(value instanceof Decimal ? value.value : Number(value));
  return Number.isFinite(number) && BigInt(number) >= least && BigInt(number) <= most;
}
