import { type ColumnSchema, type ColumnSpec } from '../../contract/signature.ts';
import { emptyVector, columnDtype } from '../../payload/dtypes.ts';
import { type Column, type Nested, type Table, Timestamp } from '../../payload/payload.ts';
import { Faults } from '../values/faults.ts';
import { readCell } from '../values/read-column.ts';
import { isFloat } from '../values/read-nested.ts';
import { expected, wanted } from '../values/words.ts';
import { misfit, unreadable } from './fail.ts';
import { type Frame, type FrameColumn } from './frame.ts';
import { optional, required } from './policy.ts';

/**
 * A frame under a column schema: columns of the schema in its order, others dropped, optional ones left out where
 * the frame has none. A cell is read as it is or refused; MLflow's lossy casts are not made.
 */
export function readTable(schema: ColumnSchema, frame: Frame): Table {
  const columns: Column[] = [];
  const faults = new Faults();
  for (const { spec, column } of matchColumns(schema, frame)) {
    const read = readFrameColumn(spec, column);
    if (read instanceof Faults) faults.addAll('', read);
    else if (read !== null) columns.push(read);
  }
  if (faults.count > 0) throw unreadable(faults);
  return { kind: 'table', rows: frame.rows, columns };
}

interface Match {
  readonly spec: ColumnSpec;
  readonly column: FrameColumn;
}

function matchColumns(schema: ColumnSchema, frame: Frame): readonly Match[] {
  const found = schema.columns.map((spec, index) => ({
    spec,
    // Of equal names the last one counts, as in a dict.
    column: schema.named ? frame.columns.findLast(({ name }) => name === spec.name) : frame.columns[index],
  }));
  const missing = found.filter(({ spec, column }) => column === undefined && spec.required);
  if (missing.length === 0) return found.filter((match): match is Match => match.column !== undefined);
  const names = missing.map(({ spec }) => (spec.name === null ? 'unnamed' : `\`${spec.name}\``));
  throw misfit(Faults.of(`required columns are missing: ${names.join(', ')}`));
}

function readFrameColumn(spec: ColumnSpec, { cells, pointer }: FrameColumn): Column | Faults | null {
  if (isNumberWithoutNull(spec) && !spec.required && cells.length > 0 && cells.every(isMissing)) return null;
  const vector = emptyVector(columnDtype(spec.type.kind), cells.length);
  const data = vector.data as unknown as unknown[];
  const nulls = new Uint8Array(cells.length);
  const faults = new Faults();
  cells.forEach((cell, row) => {
    const read = readFrameCell(spec, cell);
    if (read instanceof Faults) faults.addAll(pointer(row), read);
    else if (read === null) nulls[row] = 1;
    else data[row] = read instanceof Timestamp && vector.dtype === 'datetime64' ? read.nanoseconds : read;
  });
  if (faults.count > 0) return faults;
  if (nulls.includes(1)) clearNulls(vector.dtype, data, nulls);
  return { name: spec.name, vector, nulls: nulls.includes(1) ? nulls : null };
}

function clearNulls(dtype: string, data: unknown[], nulls: Uint8Array): void {
  if (dtype !== 'str' && dtype !== 'bytes' && dtype !== 'object') return;
  nulls.forEach((isNull, row) => {
    if (isNull === 1) data[row] = null;
  });
}

/** Null is NaN for floats, a missing value for optional columns that pandas can hold one in, else refused. */
function readFrameCell(spec: ColumnSpec, cell: unknown): Nested | Faults {
  const { type } = spec;
  if (isMissing(cell)) {
    if (isFloat(type)) return Number.NaN;
    if (type.kind === 'any' || (!spec.required && !isNumberWithoutNull(spec))) return null;
    return Faults.of(expected(wanted(type), cell));
  }
  const value = type.kind === 'binary' && typeof cell === 'string' ? cell.replace(/\s+/g, '') : cell;
  return readCell(type, value, spec.required ? required : optional);
}

function isMissing(cell: unknown): cell is null | undefined {
  return cell === null || cell === undefined;
}

/** Types whose column in pandas has no place for a missing value, so that MLflow refuses or invents one. */
function isNumberWithoutNull({ type }: ColumnSpec): boolean {
  return type.kind === 'integer' || type.kind === 'long' || type.kind === 'boolean' || type.kind === 'binary';
}
