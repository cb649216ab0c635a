import type { DataType, Schema, Signature } from '../../contract/signature.ts';
import { columnDtype } from '../../payload/dtypes.ts';
import type { Payload, Vector } from '../../payload/payload.ts';
import { withinBudget } from '../arrow/budget.ts';
import type { ArrowLibrary } from '../arrow/library.ts';
import { columnCells, readAtOnce } from '../arrow/read-column.ts';
import { type ArrowColumn, type ArrowTable, readStream } from '../arrow/read-stream.ts';
import { tensorAtOnce } from '../arrow/read-tensor.ts';
import { untypedTable } from '../arrow/untyped-table.ts';
import type { DecodedRequest } from '../codec.ts';
import { withNaN } from '../serve/read-arrow.ts';
import { Faults, step } from '../values/faults.ts';
import { isFloat } from '../values/read-nested.ts';
import { unreadable } from './fail.ts';
import type { Frame, FrameColumn } from './frame.ts';
import { optional } from './policy.ts';
import type { Memo } from './read-body.ts';
import { readMlflowParams } from './read-params.ts';
import { readTable } from './read-table.ts';
import { readTensorFrame } from './read-tensor.ts';

/**
 * Reads an Arrow stream, which MLflow's server does not take, as a frame whose values have types: by the rules of
 * Parquet, but as columns wherever these are what the signature says.
 */
export function readArrowBody(
  body: Uint8Array,
  signature: Signature | null,
  library: ArrowLibrary,
): DecodedRequest {
  const input = withinBudget(body.length, () =>
    readFrame(signature?.inputs ?? null, readStream(body, library)),
  );
  const memo: Memo = { unwrapped: false };
  const params = readMlflowParams(signature?.params ?? [], undefined, '');
  return { parts: [{ input, positions: null }], params, rows: null, memo };
}

function readFrame(schema: Schema | null, table: ArrowTable): Payload {
  if (schema === null) {
    const read = untypedTable(table, optional);
    if (read instanceof Faults) throw unreadable(read);
    return read;
  }
  if (schema.kind === 'columns') return readTable(schema, toFrame(schema, table), 'typed');
  const tensors = schema.tensors.map((spec) => {
    const named = table.columns.filter(({ name }) => name === spec.name);
    const isRead = spec.shape[0] === -1 && !spec.shape.includes(-1, 1) && table.rows > 0;
    return isRead ? tensorAtOnce(spec, schema.named ? named.slice(-1) : table.columns, table.rows) : null;
  });
  return tensors.every((tensor) => tensor !== null)
    ? { kind: 'tensors', tensors }
    : readTensorFrame(schema, toFrame(schema, table));
}

function toFrame(schema: Schema, { rows, columns }: ArrowTable): Frame {
  return {
    rows,
    columns: columns.map((column, index) => frameColumn(column, typeIn(schema, column.name, index))),
  };
}

function typeIn(schema: Schema, name: string, index: number): DataType {
  if (schema.kind === 'tensors') return { kind: 'any' };
  const spec = schema.named ? schema.columns.find((one) => one.name === name) : schema.columns[index];
  return spec?.type ?? { kind: 'any' };
}

/** Columns that the signature does not name are never looked into. */
function frameColumn(column: ArrowColumn, type: DataType): FrameColumn {
  let cells: readonly unknown[] | null = null;
  return {
    name: column.name,
    get cells() {
      return (cells ??= columnCells(column, type, false));
    },
    pointer: (row) => `/${String(row)}${step(column.name)}`,
    typed: (wanted) => typedVector(column, wanted),
  };
}

/** Null where a cell needs a look: a null that is not a float's NaN, or another type. */
function typedVector(column: ArrowColumn, type: DataType): Vector | null {
  const read = readAtOnce(columnDtype(type.kind), column);
  if (read === null) return null;
  if (read.nulls === null) return read.vector;
  return isFloat(type) ? withNaN(read.vector, read.nulls) : null;
}
