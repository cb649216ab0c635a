import type { ColumnSchema, ColumnSpec, Schema } from '../../contract/signature.ts';
import type { Nested } from '../../payload/payload.ts';
import type { RequestPart } from '../codec.ts';
import { readTensors } from '../serve/read-tensors.ts';
import { Faults, step } from '../values/faults.ts';
import { readCell } from '../values/read-column.ts';
import { isFloat, isObject, readAny, type ReadPolicy } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';

/** How JavaScript values are read: NaN and the infinities are numbers there. */
export const rowsPolicy: ReadPolicy = { unknownFields: 'reject', nullMembers: false, nonFinite: true };

/**
 * Rows that a function answered, as payloads of a schema: each cell read as a request's would be, what the schema
 * does not name left out, an optional column that is missing null. A fault points to `/ROW/column`.
 */
export function readAnswers(
  rows: readonly unknown[],
  schema: Schema | null,
): readonly RequestPart[] | Faults {
  if (schema?.kind === 'tensors') return readTensorAnswers(rows, schema);
  const read = readEach(rows, (row) =>
    schema === null ? readAny(row, 0, rowsPolicy) : readRow(schema, row),
  );
  return read instanceof Faults ? read : [{ input: { kind: 'value', value: read }, positions: null }];
}

function readTensorAnswers(
  rows: readonly unknown[],
  schema: Extract<Schema, { kind: 'tensors' }>,
): readonly RequestPart[] | Faults {
  const policy: ReadPolicy = { ...rowsPolicy, unknownFields: 'ignore' };
  const read = readTensors(schema, tensorBody(rows, schema), '', policy);
  return read instanceof Faults ? read : read.parts;
}

/** An unnamed tensor whose first dimension is fixed is itself the one row. */
export function tensorBody(rows: readonly unknown[], schema: Schema): unknown {
  const isWhole = schema.kind === 'tensors' && !schema.named && schema.tensors[0]?.shape[0] !== -1;
  return isWhole ? rows[0] : rows;
}

function readRow(schema: ColumnSchema, row: unknown): Nested | Faults {
  const { named, columns } = schema;
  const [only] = columns;
  if (named) return readRecord(columns, row);
  if (columns.length === 1 && only !== undefined) return readField(only, row);
  if (!Array.isArray(row) || row.length !== columns.length) {
    return Faults.of(expected(`a list of ${String(columns.length)} values`, row));
  }
  return readEach(columns, (spec, index) => readField(spec, row[index]));
}

function readRecord(columns: readonly ColumnSpec[], row: unknown): Nested | Faults {
  if (!isObject(row)) {
    return Faults.of(
      expected(`an object with ${columns.map(({ name }) => `\`${String(name)}\``).join(', ')}`, row),
    );
  }
  const record: Record<string, Nested> = Object.create(null) as Record<string, Nested>;
  const faults = new Faults();
  for (const spec of columns) {
    const name = spec.name ?? '';
    const cell = readField(spec, Object.hasOwn(row, name) ? row[name] : undefined);
    if (cell instanceof Faults) faults.addAll(step(name), cell);
    else record[name] = cell;
  }
  return faults.count > 0 ? faults : record;
}

function readField({ type, required }: ColumnSpec, cell: unknown): Nested | Faults {
  if (cell !== undefined && cell !== null) return readCell(type, cell, rowsPolicy);
  if (!required || (cell === null && (isFloat(type) || type.kind === 'any'))) return null;
  return cell === null ? readCell(type, cell, rowsPolicy) : Faults.of(`required ${type.kind} is missing`);
}

function readEach<Item>(
  items: readonly Item[],
  read: (item: Item, index: number) => Nested | Faults,
): Nested[] | Faults {
  const faults = new Faults();
  const all: Nested[] = [];
  items.forEach((item, index) => {
    const one = read(item, index);
    if (one instanceof Faults) faults.addAll(step(index), one);
    else all.push(one);
  });
  return faults.count > 0 ? faults : all;
}
