import type { Dtype, Column, Nested, Table, Tensors, Vector } from '../../payload/payload.ts';
import { emptyVector } from '../../payload/dtypes.ts';
import { Decimal } from '../../util/decimal.ts';
import { Faults } from '../values/faults.ts';
import { readAny } from '../values/read-nested.ts';
import { countLists, measure } from '../values/tensor-cells.ts';
import { unreadable } from './fail.ts';
import type { Frame } from './frame.ts';
import { optional } from './policy.ts';

// What pandas and numpy make of values that no signature describes.

/** A frame with the dtypes that pandas would infer. */
export function inferTable(frame: Frame): Table {
  const columns = frame.columns.map(({ name, cells }): Column => {
    const dtype = inferDtype(cells);
    const vector = fill(dtype, cells);
    const hasNulls = !dtype.startsWith('float') && cells.some(isMissing);
    return {
      name,
      vector,
      nulls: hasNulls ? Uint8Array.from(cells, (cell) => Number(isMissing(cell))) : null,
    };
  });
  return { kind: 'table', rows: frame.rows, columns };
}

/** The array that numpy would make of nested lists; null where they are ragged, which numpy refuses. */
export function inferTensor(name: string | null, value: unknown): Tensors['tensors'][number] | null {
  const shape = measure(value, new Array<number>(countLists(value, 32)).fill(-1));
  const cells: unknown[] = [];
  return gather(value, shape, 0, cells) ? { name, shape, vector: fill(inferDtype(cells), cells) } : null;
}

function gather(value: unknown, shape: readonly number[], axis: number, into: unknown[]): boolean {
  if (axis === shape.length) return !Array.isArray(value) && into.push(value) > 0;
  if (!Array.isArray(value) || value.length !== shape[axis]) return false;
  return value.every((item) => gather(item, shape, axis + 1, into));
}

function inferDtype(cells: readonly unknown[]): Dtype {
  const missing = cells.some(isMissing);
  const kinds = new Set(cells.filter((cell) => !isMissing(cell)).map(kindOf));
  const [only, ...others] = kinds;
  if (only === undefined) return missing ? 'object' : 'float64';
  if (others.length === 0 && only !== 'number' && only !== 'int')
    return only === 'bool' && missing ? 'object' : only;
  const numeric = [...kinds].every((kind) => kind === 'number' || kind === 'int');
  if (!numeric) return 'object';
  return kinds.has('number') || missing ? 'float64' : 'int64';
}

function isMissing(cell: unknown): cell is null | undefined {
  return cell === null || cell === undefined;
}

function kindOf(cell: unknown): 'int' | 'number' | 'bool' | 'str' | 'object' {
  if (cell instanceof Decimal) return 'number';
  switch (typeof cell) {
    case 'number':
      return Number.isInteger(cell) ? 'int' : 'number';
    case 'bigint':
      return BigInt.asIntN(64, cell) === cell ? 'int' : 'object';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    default:
      return 'object';
  }
}

function fill(dtype: Dtype, cells: readonly unknown[]): Vector {
  const vector = emptyVector(dtype, cells.length);
  const data = vector.data as unknown as unknown[];
  cells.forEach((cell, index) => {
    data[index] = cellOf(dtype, cell);
  });
  return vector;
}

function cellOf(dtype: Dtype, cell: unknown): unknown {
  switch (dtype) {
    case 'int64':
      return BigInt(cell as number | bigint);
    case 'float64':
      return cell === null || cell === undefined
        ? Number.NaN
        : Number(cell instanceof Decimal ? cell.text : cell);
    case 'bool':
      return Number(cell);
    default:
      return plain(cell ?? null);
  }
}

/** The value itself. */
export function plain(value: unknown): Nested {
  const read = readAny(value, 0, optional);
  if (read instanceof Faults) throw unreadable(read);
  return read;
}
