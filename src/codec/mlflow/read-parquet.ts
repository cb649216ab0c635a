import { type Signature } from '../../contract/signature.ts';
import { formatDatetime } from '../../payload/datetime.ts';
import { type Payload, Timestamp } from '../../payload/payload.ts';
import { type DecodedRequest } from '../codec.ts';
import { encodeBase64 } from '../values/base64.ts';
import { step } from '../values/faults.ts';
import { isObject } from '../values/read-nested.ts';
import { type DataType } from '../../contract/signature.ts';
import { type Frame } from './frame.ts';
import { inferTable } from './infer.ts';
import { type ParquetColumns, readParquetColumns } from './parquet-file.ts';
import { type Memo } from './read-body.ts';
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

/** The value as a body of JSON has it. Times and bytes become text where they are wanted, and nowhere else. */
function jsonValue(type: DataType, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Timestamp) return takes(type, 'datetime') ? formatDatetime(value.nanoseconds) : value;
  if (value instanceof Uint8Array) return takes(type, 'binary') ? encodeBase64(value) : value;
  if (ArrayBuffer.isView(value)) return jsonValue(type, [...(value as Float64Array)]);
  if (Array.isArray(value)) return value.map((item: unknown) => jsonValue(itemType(type), item));
  if (!isObject(value)) return value ?? null;
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([name, member]) => [name, jsonValue(memberType(type, name), member)]),
  );
}

function takes({ kind }: DataType, wanted: 'datetime' | 'binary'): boolean {
  return kind === wanted || kind === 'any';
}

const any: DataType = { kind: 'any' };

function itemType(type: DataType): DataType {
  return type.kind === 'array' ? type.items : any;
}

function memberType(type: DataType, name: string): DataType {
  if (type.kind === 'map') return type.values;
  const properties = type.kind === 'object' ? type.properties : [];
  return properties.find((property) => property.name === name)?.type ?? any;
}
