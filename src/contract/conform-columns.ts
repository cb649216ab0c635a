import { columnDtype, emptyVector } from '../payload/dtypes.ts';
import type { Column, Nested, Payload, Table } from '../payload/payload.ts';
import { answerColumns } from './answer-columns.ts';
import type { AnswerColumns } from './answer.ts';
import { conformCells, nullableReader, type Cells } from './conform-cells.ts';
import { conformNested } from './conform-nested.ts';
import { describeType } from './describe-type.ts';
import { kindOf, Misfit, wrongRows } from './misfit.ts';
import type { ColumnSchema, ColumnSpec } from './signature.ts';

/** The answer as a table of exactly the schema's columns. */
export function conformColumns(answer: Payload, schema: ColumnSchema, rows: number | null): Table | Misfit {
  const found = answerColumns(answer, schema, rows);
  if (found instanceof Misfit) return found;
  if (rows !== null && found.rows !== rows) return wrongRows(rows, found.rows);
  const columns: Column[] = [];
  for (const [position, spec] of schema.columns.entries()) {
    const cells = conformColumn(spec, position, found);
    if (cells instanceof Misfit) return cells.of(columnWords(spec, position));
    columns.push({ name: spec.name, ...cells });
  }
  return { kind: 'table', rows: found.rows, columns };
}

function columnWords(spec: ColumnSpec, position: number): string {
  return spec.name === null ? `unnamed column ${String(position)}` : `column \`${spec.name}\``;
}

function conformColumn(spec: ColumnSpec, position: number, found: AnswerColumns): Cells | Misfit {
  const cells = found.column(spec, position);
  if (cells instanceof Misfit) return cells;
  if (cells === null) {
    return spec.required ? new Misfit(describeType(spec.type), 'nothing') : allMissing(spec, found.rows);
  }
  const got = cells.vector.data.length;
  if (got !== found.rows) return wrongRows(found.rows, got);
  const dtype = columnDtype(spec.type.kind);
  if (dtype === 'object') return conformObjects(spec, cells);
  return conformCells({ dtype, words: spec.type.kind, nullable: !spec.required }, cells);
}

function allMissing(spec: ColumnSpec, rows: number): Cells {
  const dtype = columnDtype(spec.type.kind);
  if (dtype === 'float32')
    return { vector: { dtype, data: new Float32Array(rows).fill(Number.NaN) }, nulls: null };
  if (dtype === 'float64')
    return { vector: { dtype, data: new Float64Array(rows).fill(Number.NaN) }, nulls: null };
  return { vector: emptyVector(dtype, rows), nulls: new Uint8Array(rows).fill(1) };
}

function conformObjects({ type, required }: ColumnSpec, cells: Cells): Cells | Misfit {
  const read = nullableReader(cells);
  const data: Nested[] = [];
  const nulls = new Uint8Array(cells.vector.data.length);
  for (let row = 0; row < nulls.length; row++) {
    const cell = read(row);
    const missing = cell === null || (type.kind !== 'any' && Number.isNaN(cell));
    if (missing && required && type.kind !== 'any') return new Misfit(type.kind, kindOf(null)).inRow(row);
    const value = missing ? null : conformNested(type, cell);
    if (value instanceof Misfit) return value.inRow(row);
    nulls[row] = missing ? 1 : 0;
    data.push(value);
  }
  return { vector: { dtype: 'object', data }, nulls: nulls.includes(1) ? nulls : null };
}
