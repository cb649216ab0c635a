import { CsvError, parse } from 'csv-parse/sync';

import { isScalar } from '../../contract/scalar.ts';
import type { ColumnSchema, Schema, Signature } from '../../contract/signature.ts';
import type { Table } from '../../payload/payload.ts';
import type { DecodedRequest } from '../codec.ts';
import { Faults, step } from '../values/faults.ts';
import { utf8Text } from '../json-body.ts';
import { csvValue, guessValues } from './csv-values.ts';
import { malformed, unreadable } from './fail.ts';
import type { Frame, FrameColumn } from './frame.ts';
import { inferTable } from './infer.ts';
import type { Memo } from './read-body.ts';
import { readMlflowParams } from './read-params.ts';
import { readTable } from './read-table.ts';

/**
 * Reads a body of `text/csv`: a header, then rows, as `DataFrame.to_csv` writes them. Columns go by name, and a text
 * is read as the type that the signature says, or refused; none of the formats that pandas would guess.
 */
export function readCsvBody(body: Uint8Array, signature: Signature | null): DecodedRequest {
  const frame = csvFrame(body);
  const memo: Memo = { unwrapped: false };
  const input = readFrame(signature?.inputs ?? null, frame);
  const params = readMlflowParams(signature?.params ?? [], undefined, '');
  return { parts: [{ input, positions: null }], params, rows: null, memo };
}

function readFrame(schema: Schema | null, frame: Frame): Table {
  if (schema === null) return inferTable(converted(frame, ({ cells }) => guessValues(cells)));
  if (schema.kind === 'tensors') throw malformed('CSV has no tensors; send JSON');
  const table = readTable(schema, typed(schema, frame), 'text');
  return { ...table, columns: table.columns.map(asObjects) };
}

/** The cells as the values that their texts stand for, by the types of the schema. */
function typed(schema: ColumnSchema, frame: Frame): Frame {
  return converted(frame, (column, index) => {
    const spec = schema.named
      ? schema.columns.find(({ name }) => name === column.name)
      : schema.columns[index];
    if (spec === undefined) return column.cells;
    const { type } = spec;
    if (!isScalar(type)) {
      throw unreadable(Faults.of(`CSV has no column of type ${type.kind}; send JSON`, step(column.name)));
    }
    const { kind } = type;
    return column.cells.map((cell) => (typeof cell === 'string' ? csvValue(kind, cell) : cell));
  });
}

function converted(frame: Frame, cellsOf: (column: FrameColumn, index: number) => readonly unknown[]): Frame {
  const columns = frame.columns.map((column, index) => ({ ...column, cells: cellsOf(column, index) }));
  return { ...frame, columns };
}

/** pandas reads strings under a signature as its object dtype, with NaN where there is none. */
function asObjects(column: Table['columns'][number]): Table['columns'][number] {
  const { name, vector } = column;
  if (vector.dtype !== 'str') return column;
  return {
    name,
    vector: { dtype: 'object', data: vector.data.map((text) => text ?? Number.NaN) },
    nulls: null,
  };
}

function csvFrame(body: Uint8Array): Frame {
  const [header, ...rows] = records(body);
  if (header === undefined) throw malformed('the CSV is empty; it must have a header');
  const wide = rows.findIndex((row) => row.length > header.length);
  if (wide >= 0) {
    const cells = `${String(rows[wide]?.length)} cells, the header ${String(header.length)}`;
    throw malformed(`row ${String(wide + 1)} of the CSV has ${cells}`);
  }
  const columns = columnNames(header).map((name, index) => ({
    name,
    // A short row ends in missing cells.
    cells: rows.map((row) => row[index] ?? null),
    pointer: (row: number) => `/${String(row)}${step(name)}`,
  }));
  return { rows: rows.length, columns };
}

function records(body: Uint8Array): readonly (readonly string[])[] {
  try {
    const all = parse(utf8Text(body), {
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
    return all.filter(([first = '', ...more]) => more.length > 0 || first === '' || first.trim() !== '');
  } catch (error) {
    if (error instanceof CsvError) throw malformed('the CSV is broken: a quote is not closed');
    throw error;
  }
}

/** As pandas names what has no name of its own. */
function columnNames(header: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return header.map((text, index) => {
    const base = text === '' ? `Unnamed: ${String(index)}` : text;
    let name = base;
    for (let copy = 1; taken.has(name) || (name !== base && header.includes(name)); copy++) {
      name = `${base}.${String(copy)}`;
    }
    taken.add(name);
    return name;
  });
}
