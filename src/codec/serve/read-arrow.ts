import type { ColumnSchema, ColumnSpec, Schema } from '../../contract/signature.ts';
import { columnDtype } from '../../payload/dtypes.ts';
import type { Vector } from '../../payload/payload.ts';
import { withinBudget } from '../arrow/budget.ts';
import { columnCells, readAtOnce, type ReadColumn } from '../arrow/read-column.ts';
import type { ArrowColumn, ArrowTable } from '../arrow/read-stream.ts';
import { Faults, step } from '../values/faults.ts';
import { isFloat, type ReadPolicy, type UnknownFields, unknownMembers } from '../values/read-nested.ts';
import type { ReadInputs } from './body-rows.ts';
import { readArrowTensors } from './read-arrow-tensors.ts';
import {
  cellFaults,
  gapOf,
  gather,
  type Gathered,
  isAbsent,
  mustNotBe,
  readGathered,
} from './read-columns.ts';

/**
 * Reads the columns of an Arrow stream under a schema, by the rules that rows of JSON are read by: a null is the null
 * of a row, a column that is not there is absent from all of them. Pointers name the row, then the column.
 */
export function readArrowInputs(schema: Schema, table: ArrowTable, policy: ReadPolicy): ReadInputs | Faults {
  const columns = matchColumns(schema, table, policy.unknownFields);
  if (columns instanceof Faults) return columns;
  if (schema.kind === 'tensors') return readArrowTensors(schema, columns, table.rows, policy);
  if (table.rows === 0) return { parts: [], rows: 0 };
  const gathered = schema.columns.map((spec, index) =>
    gatherColumn(spec, columns[index] ?? null, table.rows),
  );
  const parts = readGathered(gathered, table.rows, policy);
  if (parts !== null) return { parts, rows: table.rows };
  // Cells are read once more to say all of it.
  return withinBudget(table.bytes, () => explain(schema, columns, table.rows, policy));
}

/** The columns of the table in the order of the schema, null where one may be absent; or what is wrong with their names. */
function matchColumns(
  schema: Schema,
  { columns }: ArrowTable,
  unknownFields: UnknownFields,
): readonly (ArrowColumn | null)[] | Faults {
  const specs = schema.kind === 'columns' ? schema.columns : schema.tensors;
  if (!schema.named) return matchPositions(schema, columns);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const faults = new Faults();
  if (byName.size < columns.length) faults.addAll('', repeated(columns));
  for (const spec of specs) {
    const isMissing = !byName.has(spec.name ?? '') && !('required' in spec && !spec.required);
    const kind = 'type' in spec ? ` (${spec.type.kind})` : '';
    if (isMissing) faults.add(step(spec.name ?? ''), `required column is missing${kind}`);
  }
  const names = specs.map(({ name }) => name ?? '');
  if (unknownFields === 'reject') faults.addAll('', unknownMembers(Object.fromEntries(byName), names));
  return faults.count > 0 ? faults : names.map((name) => byName.get(name) ?? null);
}

function repeated(columns: readonly ArrowColumn[]): Faults {
  const seen = new Set<string>();
  const faults = new Faults();
  for (const { name } of columns) {
    if (seen.has(name)) faults.add(step(name), 'the column is there more than once');
    seen.add(name);
  }
  return faults;
}

/** Names say nothing then. A tensor of rows may also come as many columns as its rows are wide. */
function matchPositions(
  schema: Schema,
  columns: readonly ArrowColumn[],
): readonly (ArrowColumn | null)[] | Faults {
  const expected = schema.kind === 'columns' ? schema.columns.length : 1;
  if (columns.length === expected || (schema.kind === 'tensors' && isMatrix(schema))) return columns;
  const words = expected === 1 ? 'one column' : `${String(expected)} columns`;
  return Faults.of(`expected ${words}, got ${String(columns.length)}`);
}

function isMatrix({ tensors: [only] }: Extract<Schema, { kind: 'tensors' }>): boolean {
  return only?.shape.length === 2 && only.shape[0] === -1;
}

function gatherColumn(spec: ColumnSpec, column: ArrowColumn | null, rows: number): Gathered {
  if (column === null) return { spec, cells: [], gaps: new Uint8Array(rows).fill(isAbsent) };
  const read = readAtOnce(columnDtype(spec.type.kind), column);
  return read === null ? gather(spec, cellsOf(spec, column)) : gatherVector(spec, read);
}

function gatherVector(spec: ColumnSpec, { vector, nulls }: ReadColumn): Gathered {
  const read = { spec, cells: [], gaps: null, vector };
  if (nulls === null) return read;
  if (isFloat(spec.type)) return { ...read, vector: withNaN(vector, nulls) };
  const gap = gapOf(spec, null);
  return { ...read, gaps: nulls.map((isNull) => isNull * gap) };
}

/** A copy: the cells lie in the body as it came. */
export function withNaN(vector: Vector, nulls: Uint8Array): Vector {
  if (vector.dtype !== 'float32' && vector.dtype !== 'float64') return vector;
  const data = vector.data.slice();
  nulls.forEach((isNull, row) => {
    if (isNull === 1) data[row] = Number.NaN;
  });
  return { dtype: vector.dtype, data } as Vector;
}

function cellsOf({ type }: ColumnSpec, column: ArrowColumn): readonly unknown[] {
  return columnCells(column, type, true);
}

/** Names are right; column by column, what is wrong with the cells. */
function explain(
  schema: ColumnSchema,
  columns: readonly (ArrowColumn | null)[],
  rows: number,
  policy: ReadPolicy,
): Faults {
  const faults = new Faults();
  const isSole = !schema.named && schema.columns.length === 1;
  schema.columns.forEach((spec, index) => {
    const column = columns[index] ?? null;
    if (column === null || !isWrong(spec, column, policy, rows)) return;
    cellsOf(spec, column).forEach((cell, row) => {
      faults.addAll(step(row) + (isSole ? '' : step(spec.name ?? index)), cellFaults(spec, cell, policy));
    });
  });
  return faults;
}

/** Wide tables are mostly right. */
function isWrong(spec: ColumnSpec, column: ArrowColumn, policy: ReadPolicy, rows: number): boolean {
  const gathered = gatherColumn(spec, column, rows);
  return gathered.gaps?.includes(mustNotBe) === true || readGathered([gathered], rows, policy) === null;
}
