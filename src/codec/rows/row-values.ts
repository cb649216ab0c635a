import type { Schema } from '../../contract/signature.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { formatDatetime } from '../../payload/datetime.ts';
import { notATime } from '../../payload/dtypes.ts';
import {
  type Column,
  type Nested,
  type Payload,
  type Table,
  type Tensor,
  type Tensors,
  Timestamp,
  type Vector,
} from '../../payload/payload.ts';
import { isStacked } from '../serve/write-rows.ts';
import { encodeBase64 } from '../values/base64.ts';

/** What a long is in JavaScript: a number, of which an unsafe one is UNSAFE_LONG, or always a bigint. */
export type Longs = 'number' | 'bigint';

/**
 * The rows of a payload as JavaScript values: what `/serve` writes, parsed, except that a float may be NaN or an
 * infinity and a long a bigint. Datetimes and binaries are texts, as there.
 *
 * @param rows how many there should be; null when nothing says so
 */
export function rowValues(
  payload: Payload,
  rows: number | null,
  schema: Schema | null,
  longs: Longs,
): readonly unknown[] {
  const read = longReader(longs);
  switch (payload.kind) {
    case 'table':
      return tableRows(payload, read);
    case 'tensors':
      return tensorRows(payload, isStacked(payload, rows, schema), read);
    case 'value':
      return valueRows(payload.value, rows, read);
  }
}

type ReadLong = (value: bigint) => number | bigint;
type CellAt = (position: number) => unknown;

function longReader(longs: Longs): ReadLong {
  if (longs === 'bigint') return (value) => value;
  return (value) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw countersignError('UNSAFE_LONG', value);
    return number;
  };
}

function tableRows({ rows, columns, series }: Table, read: ReadLong): readonly unknown[] {
  const cells = columns.map((column) => columnCells(column, read));
  const names = columns.map(({ name }) => name);
  const [only] = cells;
  if (only !== undefined && cells.length === 1 && (series === true || names[0] === null)) {
    return each(rows, only);
  }
  if (names.length > 0 && names.every((name) => name === null)) {
    return each(rows, (row) => cells.map((cell) => cell(row)));
  }
  return each(rows, (row) => record(names, (index) => cells[index]?.(row)));
}

function columnCells({ vector, nulls }: Column, read: ReadLong): CellAt {
  const cell = vectorCells(vector, read);
  return nulls === null ? cell : (position) => (nulls[position] === 1 ? null : cell(position));
}

function tensorRows({ tensors }: Tensors, stacked: boolean, read: ReadLong): readonly unknown[] {
  const names = tensors.map(({ name }) => name);
  const rowsOf = tensors.map((tensor) => (stacked ? sliceAt(tensor, read) : () => whole(tensor, read)));
  const count = stacked ? (tensors[0]?.shape[0] ?? 0) : 1;
  const [only] = rowsOf;
  if (only !== undefined && names.length === 1 && names[0] === null) return each(count, only);
  return each(count, (row) => record(names, (index) => rowsOf[index]?.(row)));
}

function sliceAt({ vector, shape }: Tensor, read: ReadLong): CellAt {
  const cell = vectorCells(vector, read);
  const dimensions = shape.slice(1);
  const size = dimensions.reduce((product, length) => product * length, 1);
  return (row) => lists(dimensions, row * size, cell);
}

function whole({ vector, shape }: Tensor, read: ReadLong): unknown {
  return lists(shape, 0, vectorCells(vector, read));
}

function lists(dimensions: readonly number[], offset: number, cell: CellAt): unknown {
  const [length, ...inner] = dimensions;
  if (length === undefined) return cell(offset);
  const size = inner.reduce((product, each) => product * each, 1);
  return each(length, (index) => lists(inner, offset + index * size, cell));
}

function valueRows(value: Nested, rows: number | null, read: ReadLong): readonly unknown[] {
  const plain = nestedValue(value, read);
  return Array.isArray(plain) && (rows ?? plain.length) === plain.length ? plain : [plain];
}

function vectorCells({ dtype, data }: Vector, read: ReadLong): CellAt {
  switch (dtype) {
    case 'bool':
      return (position) => data[position] !== 0;
    case 'int64':
    case 'uint64':
      return (position) => read(data[position] ?? 0n);
    case 'datetime64':
      return (position) => datetimeText(data[position] ?? notATime);
    case 'str':
    case 'bytes':
    case 'object':
      return (position) => nestedValue(data[position] ?? null, read);
    default:
      return (position) => data[position];
  }
}

function nestedValue(value: Nested, read: ReadLong): unknown {
  if (typeof value === 'bigint') return read(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Timestamp) return datetimeText(value.nanoseconds);
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (isList(value)) return value.map((item) => nestedValue(item, read));
  const names = Object.keys(value);
  return record(names, (index) => nestedValue(value[names[index] ?? ''] ?? null, read));
}

function datetimeText(nanoseconds: bigint): string | null {
  return nanoseconds === notATime ? null : formatDatetime(nanoseconds);
}

function each(count: number, cell: CellAt): unknown[] {
  return Array.from({ length: count }, (_, position) => cell(position));
}

/** fromEntries makes own properties, also of a column that is called __proto__. */
function record(names: readonly (string | null)[], cell: CellAt): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name, index) => [name ?? String(index), cell(index)]));
}

function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}
