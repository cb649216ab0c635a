import type { DataType as ArrowType } from '@uwdata/flechette';
import type { Column, Dtype, Nested, Table } from '../../payload/payload.ts';
import { Faults } from '../values/faults.ts';
import { readAny, type ReadPolicy } from '../values/read-nested.ts';
import { columnCells, columnNulls, readAtOnce } from './read-column.ts';
import type { ArrowColumn, ArrowTable } from './read-stream.ts';

/**
 * A table that no signature describes: each column as what its Arrow type says, and, where cells are null, as what
 * pandas makes of them: integers become floats, booleans objects. A value that none can hold is among the faults.
 */
export function untypedTable({ rows, columns }: ArrowTable, policy: ReadPolicy): Table | Faults {
  const faults = new Faults();
  const read = columns.map((column) => untypedColumn(column, policy, faults));
  return faults.count > 0 ? faults : { kind: 'table', rows, columns: read };
}

function untypedColumn(column: ArrowColumn, policy: ReadPolicy, faults: Faults): Column {
  const { name, batches } = column;
  const nulls = columnNulls(batches);
  const read = readAtOnce(dtypeOf(column.type, nulls !== null), column);
  if (read !== null) return { name, ...(nulls === null ? read : withMissing(read, nulls)) };
  const data = columnCells(column, { kind: 'any' }, false).map((cell, row): Nested => {
    const value = readAny(cell, 0, policy);
    if (!(value instanceof Faults)) return value;
    faults.addAll(`/${String(row)}/${name}`, value);
    return null;
  });
  const missing = data.some((cell) => cell === null);
  return {
    name,
    vector: { dtype: 'object', data },
    nulls: missing ? Uint8Array.from(data, (cell) => Number(cell === null)) : null,
  };
}

function withMissing(
  { vector }: Pick<Column, 'vector'>,
  nulls: Uint8Array,
): Pick<Column, 'vector' | 'nulls'> {
  if (vector.dtype !== 'float32' && vector.dtype !== 'float64') return { vector, nulls };
  const data = vector.data.slice();
  nulls.forEach((isNull, row) => {
    if (isNull === 1) data[row] = Number.NaN;
  });
  return { vector: { dtype: vector.dtype, data } as typeof vector, nulls: null };
}

function dtypeOf(type: ArrowType, hasNulls: boolean): Dtype {
  switch (type.typeId) {
    case -1:
      return dtypeOf(type.dictionary, hasNulls);
    case 2:
      return hasNulls ? 'float64' : (`${type.signed ? '' : 'u'}int${String(type.bitWidth)}` as Dtype);
    case 3:
      return (['float16', 'float32', 'float64'] as const)[type.precision];
    case 6:
      return hasNulls ? 'object' : 'bool';
    case 8:
    case 10:
      return 'datetime64';
    case 5:
    case 20:
    case 24:
      return 'str';
    case 4:
    case 15:
    case 19:
    case 23:
      return 'bytes';
    default:
      return 'object';
  }
}
