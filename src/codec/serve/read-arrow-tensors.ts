import type { TensorSchema, TensorSpec } from '../../contract/signature.ts';
import type { Tensor } from '../../payload/payload.ts';
import { rowsOfColumns, tensorAtOnce, tensorCells } from '../arrow/read-tensor.ts';
import type { ArrowColumn } from '../arrow/read-stream.ts';
import { Faults } from '../values/faults.ts';
import type { ReadPolicy } from '../values/read-nested.ts';
import type { ReadInputs } from './body-rows.ts';
import { readTensors } from './read-tensors.ts';

/**
 * Reads columns as tensors. A cell is what a row of JSON is: what lies beneath the first dimension where that is free,
 * else the whole tensor. Fixed-size lists of numbers are taken as they lie there.
 */
export function readArrowTensors(
  schema: TensorSchema,
  columns: readonly (ArrowColumn | null)[],
  rows: number,
  policy: ReadPolicy,
): ReadInputs | Faults {
  const found = columns.filter((column) => column !== null);
  const isStacked = schema.tensors.every(({ shape }) => shape[0] === -1);
  if (rows === 0 && (schema.named || isStacked)) return { parts: [], rows: 0 };
  const atOnce = isStacked ? readStacked(schema, found, rows) : null;
  if (atOnce !== null)
    return { parts: [{ input: { kind: 'tensors', tensors: atOnce }, positions: null }], rows };
  const body = jsonRows(schema, found, isStacked);
  if (schema.named || isStacked) return readTensors(schema, body, '', policy);
  const [only] = body;
  return rows === 1
    ? readTensors(schema, only, '', policy)
    : Faults.of(`expected one row, which is the tensor, got ${String(rows)}`);
}

function readStacked(
  { tensors, named }: TensorSchema,
  columns: readonly ArrowColumn[],
  rows: number,
): readonly Tensor[] | null {
  const read: Tensor[] = [];
  for (const [index, spec] of tensors.entries()) {
    const tensor = tensorAtOnce(spec, named ? columns.slice(index, index + 1) : columns, rows);
    if (tensor === null) return null;
    read.push(tensor);
  }
  return read;
}

function jsonRows(
  schema: TensorSchema,
  columns: readonly ArrowColumn[],
  isStacked: boolean,
): readonly unknown[] {
  if (!schema.named) return unnamedRows(schema.tensors[0], columns, isStacked);
  const cells = schema.tensors.map((spec, index) => {
    const column = columns[index];
    return column === undefined ? [] : tensorCells(spec, column, isStacked);
  });
  return rowsOfColumns(cells).map((row) =>
    Object.fromEntries(schema.tensors.map(({ name }, index) => [name ?? '', row[index]])),
  );
}

function unnamedRows(
  spec: TensorSpec | undefined,
  columns: readonly ArrowColumn[],
  isStacked: boolean,
): readonly unknown[] {
  const [only, ...more] = columns;
  if (spec === undefined || only === undefined) return [];
  if (more.length === 0) return tensorCells(spec, only, isStacked);
  const element = { ...spec, shape: spec.shape.slice(0, 1) };
  return rowsOfColumns(columns.map((column) => tensorCells(element, column, isStacked)));
}
