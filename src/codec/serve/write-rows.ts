import type { ColumnSchema, DataType, Schema } from '../../contract/signature.ts';
import type { Nested, Payload, Table, Tensors } from '../../payload/payload.ts';
import { rowCount } from '../../payload/rows.ts';
import { cellWriter, type CellWriter } from '../values/write-cell.ts';
import { writeNested } from '../values/write-nested.ts';
import { tensorRowWriter, writeTensor } from '../values/write-tensor.ts';
import { serveStyle } from './style.ts';

/**
 * The JSON texts of an answer, one per row. An answer was held to the signature before it comes here; what was
 * not (no output signature, an unverified version) is written by what it is: a frame as records, a series or an
 * array as a list, a list of as many items as rows as it is, anything else as the one output of one row.
 *
 * @param rows how many there should be; null when nothing says so
 */
export function writeRows(answer: Payload, rows: number | null, outputs: Schema | null): readonly string[] {
  switch (answer.kind) {
    case 'table':
      return tableRows(answer, outputs?.kind === 'columns' ? outputs : null);
    case 'tensors':
      return tensorRows(answer, isStacked(answer, rows, outputs));
    case 'value':
      return valueRows(answer.value, rows);
  }
}

const untyped: DataType = { kind: 'any' };

function tableRows(table: Table, schema: ColumnSchema | null): readonly string[] {
  const writers = table.columns.map(({ name, vector, nulls }, index) => {
    const spec =
      schema?.named === true ? schema.columns.find((one) => one.name === name) : schema?.columns[index];
    return cellWriter(vector, nulls, spec?.type ?? untyped, serveStyle);
  });
  const [only] = writers;
  const names = table.columns.map((column) => column.name);
  if (only !== undefined && (table.series === true || (writers.length === 1 && names[0] === null))) {
    return writeEach(table.rows, only);
  }
  const isUnnamed = names.length > 0 && names.every((name) => name === null);
  return isUnnamed ? listRows(table.rows, writers) : objectRows(table.rows, names, writers);
}

function tensorRows({ tensors }: Tensors, stacked: boolean): readonly string[] {
  const [only] = tensors;
  const isBare = only?.name === null && tensors.length === 1;
  const names = tensors.map((tensor) => tensor.name);
  if (stacked) {
    const writers = tensors.map((tensor) => tensorRowWriter(tensor, serveStyle));
    const rows = only?.shape[0] ?? 0;
    return isBare ? writeEach(rows, writers[0] ?? String) : objectRows(rows, names, writers);
  }
  if (isBare) return [writeTensor(only, serveStyle)];
  return objectRows(
    1,
    names,
    tensors.map((tensor) => () => writeTensor(tensor, serveStyle)),
  );
}

/** Whether the first dimension counts rows, which the signature says, or else the numbers. */
export function isStacked(answer: Tensors, rows: number | null, outputs: Schema | null): boolean {
  const count = rowCount(answer);
  if (count === null) return false;
  if (outputs?.kind === 'tensors') return outputs.tensors.every((spec) => spec.shape[0] === -1);
  return rows === null || rows === count;
}

function valueRows(value: Nested, rows: number | null): readonly string[] {
  const write = (item: Nested): string => writeNested(item, untyped, serveStyle);
  const isList = (list: Nested): list is readonly Nested[] => Array.isArray(list);
  return isList(value) && (rows ?? value.length) === value.length ? value.map(write) : [write(value)];
}

function writeEach(rows: number, write: CellWriter): readonly string[] {
  const texts = new Array<string>(rows);
  for (let row = 0; row < rows; row++) texts[row] = write(row);
  return texts;
}

function listRows(rows: number, writers: readonly CellWriter[]): readonly string[] {
  return writeEach(rows, (row) => `[${writers.map((write) => write(row)).join(',')}]`);
}

function objectRows(
  rows: number,
  names: readonly (string | null)[],
  writers: readonly CellWriter[],
): readonly string[] {
  const members = writers.map((write, index) => ({
    prefix: `${index === 0 ? '{' : ','}${JSON.stringify(names[index] ?? String(index))}:`,
    write,
  }));
  return writeEach(rows, (row) => {
    let text = '';
    for (const { prefix, write } of members) text += prefix + write(row);
    return text === '' ? '{}' : `${text}}`;
  });
}
