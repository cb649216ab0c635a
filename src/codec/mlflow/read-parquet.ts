import type { Signature } from '../../contract/signature.ts';
import type { Payload } from '../../payload/payload.ts';
import type { DecodedRequest } from '../codec.ts';
import { step } from '../values/faults.ts';
import { jsonValue } from '../values/typed-value.ts';
import type { DataType } from '../../contract/signature.ts';
import type { Frame } from './frame.ts';
import { inferTable } from './infer.ts';
import { type ParquetColumns, readParquetColumns } from './parquet-file.ts';
import type { Memo } from './read-body.ts';
import { readMlflowParams } from './read-params.ts';
import { readTable } from './read-table.ts';
import { readTensorFrame } from './read-tensor.ts';

/**
 * Reads a body of `application/vnd.apache.parquet`. Columns go by name; a value is taken where it is one of the type
 * that the signature says, whatever the width in the file.
 */
export async function readParquetBody(
  body: Uint8Array,
  signature: Signature | null,
): Promise<DecodedRequest> {
  const schema = signature?.inputs ?? null;
  const names =
    schema?.kind === 'columns' && schema.named ? schema.columns.map(({ name }) => name ?? '') : null;
  const file = await readParquetColumns(body, names);
  const memo: Memo = { unwrapped: false };
  const params = readMlflowParams(signature?.params ?? [], undefined, '');
  return { parts: [{ input: readColumns(signature, file), positions: null }], params, rows: null, memo };
}

function readColumns(signature: Signature | null, file: ParquetColumns): Payload {
  const schema = signature?.inputs ?? null;
  if (schema?.kind !== 'columns') {
    const frame = toFrame(file, () => ({ kind: 'any' }));
    return schema === null ? inferTable(frame) : readTensorFrame(schema, frame);
  }
  const typeOf = (name: string, index: number): DataType => {
    const spec = schema.named ? schema.columns.find((column) => column.name === name) : schema.columns[index];
    return spec?.type ?? { kind: 'any' };
  };
  return readTable(schema, toFrame(file, typeOf), 'typed');
}

function toFrame(
  { rows, columns }: ParquetColumns,
  typeOf: (name: string, index: number) => DataType,
): Frame {
  const made = columns.map(({ name, cells }, index) => {
    const type = typeOf(name, index);
    return {
      name,
      cells: cells.map((cell) => jsonValue(type, cell)),
      pointer: (row: number) => `/${String(row)}${step(name)}`,
    };
  });
  return { rows, columns: made };
}
