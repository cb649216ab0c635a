import type { DataType } from '../../contract/signature.ts';
import { notATime } from '../../payload/dtypes.ts';
import type { Nested, Vector } from '../../payload/payload.ts';
import type { JsonStyle } from './style.ts';
import { writeNested } from './write-nested.ts';
import { writeFloat16, writeFloat32, writeFloat64 } from './write-number.ts';

/** The JSON text of the cell at a position. */
export type CellWriter = (position: number) => string;

/** How the cells of a vector are written. `type` is what the signature says of nested cells, if it says anything. */
export function cellWriter(
  vector: Vector,
  nulls: Uint8Array | null,
  type: DataType,
  style: JsonStyle,
): CellWriter {
  const write = valueWriter(vector, type, style);
  const missing = vector.dtype === 'datetime64' ? style.notATime : 'null';
  return nulls === null ? write : (position) => (nulls[position] === 1 ? missing : write(position));
}

function valueWriter(vector: Vector, type: DataType, style: JsonStyle): CellWriter {
  switch (vector.dtype) {
    case 'bool':
      return (position) => (vector.data[position] === 0 ? 'false' : 'true');
    case 'float16':
      return floats(vector.data, style.shortFloats ? writeFloat16 : writeFloat64, style);
    case 'float32':
      return floats(vector.data, style.shortFloats ? writeFloat32 : writeFloat64, style);
    case 'float64':
      return floats(vector.data, writeFloat64, style);
    case 'datetime64':
      return datetimes(vector.data, style);
    case 'str':
    case 'bytes':
    case 'object':
      return nesteds(vector.data, type, style);
    default:
      return (position) => String(vector.data[position]);
  }
}

function floats(data: ArrayLike<number>, write: (value: number) => string, style: JsonStyle): CellWriter {
  return (position) => {
    const value = data[position] ?? Number.NaN;
    return Number.isFinite(value) ? write(value) : style.nonFinite(value);
  };
}

function datetimes(data: BigInt64Array, style: JsonStyle): CellWriter {
  return (position) => {
    const nanoseconds = data[position] ?? notATime;
    return nanoseconds === notATime ? style.notATime : style.datetime(nanoseconds);
  };
}

function nesteds(data: readonly Nested[], type: DataType, style: JsonStyle): CellWriter {
  return (position) => writeNested(data[position] ?? null, type, style);
}
