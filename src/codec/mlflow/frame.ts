import type { DataType } from '../../contract/signature.ts';
import type { Vector } from '../../payload/payload.ts';
import { isObject } from '../values/read-nested.ts';
import { malformed } from './fail.ts';

/** A table as it was sent, before its cells are read: undefined where a row does not have a column. */
export interface Frame {
  readonly rows: number;
  readonly columns: readonly FrameColumn[];
  /** The `index`, where one was sent. */
  readonly labels?: readonly unknown[] | null;
}

export interface FrameColumn {
  readonly name: string;
  readonly cells: readonly unknown[];
  /** JSON pointer of the cell in a row. */
  readonly pointer: (row: number) => string;
  /** The whole column as one of the type, where it came as that. */
  readonly typed?: (type: DataType) => Vector | null;
}

/** `{"columns": [...], "data": [[...]]}`; an `index` only labels rows. Without `columns` they are numbered. */
export function splitFrame(value: unknown): Frame {
  if (!isObject(value)) throw malformed('dataframe_split must be an object');
  const extra = Object.keys(value).filter((key) => !['columns', 'data', 'index'].includes(key));
  if (!Object.hasOwn(value, 'data') || extra.length > 0) {
    throw malformed('dataframe_split must have `data`, may have `columns` and `index`, and nothing else');
  }
  const data = splitRows(value['data']);
  const names = columnNames(value['columns']) ?? numbered(longest(data));
  if (data.length > 0 && longest(data) !== names.length) {
    throw malformed('no row of dataframe_split is as long as `columns`, or one is longer');
  }
  checkIndex(value['index'], data.length);
  const columns = names.map((name, column) => ({
    name,
    // pandas fills a short row with nulls.
    cells: data.map((row) => (column < row.length ? row[column] : null)),
    pointer: (row: number) => `/dataframe_split/data/${String(row)}/${String(column)}`,
  }));
  return { rows: data.length, columns, labels: indexLabels(value['index']) };
}

function longest(rows: readonly (readonly unknown[])[]): number {
  return rows.reduce((most, row) => Math.max(most, row.length), 0);
}

function splitRows(data: unknown): readonly (readonly unknown[])[] {
  if (data === null) return [];
  if (!Array.isArray(data)) throw malformed('`data` of dataframe_split must be a list of rows');
  // pandas takes a list of values as rows of one column each.
  return data.map((row: unknown) => (Array.isArray(row) ? (row as readonly unknown[]) : [row]));
}

function columnNames(columns: unknown): readonly string[] | null {
  if (columns === undefined || columns === null) return null;
  if (!Array.isArray(columns)) throw malformed('`columns` of dataframe_split must be a list');
  return columns.map((name: unknown) => (typeof name === 'string' ? name : JSON.stringify(name)));
}

function checkIndex(index: unknown, rows: number): void {
  if (index === undefined || index === null) return;
  if (!Array.isArray(index) || index.length !== rows) {
    throw malformed('`index` of dataframe_split must have one label for each row');
  }
}

function indexLabels(index: unknown): readonly unknown[] | null {
  return Array.isArray(index) ? index : null;
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** A list of objects; columns in order of first appearance. `at` is where the list stands. */
export function recordsFrame(records: readonly Readonly<Record<string, unknown>>[], at: string): Frame {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  const columns = [...names].map((name) => ({
    name,
    cells: records.map((record) => (Object.hasOwn(record, name) ? record[name] : undefined)),
    pointer: (row: number) => `${at}/${String(row)}/${escape(name)}`,
  }));
  return { rows: records.length, columns };
}

export function parseRecords(value: unknown): Frame {
  if (!Array.isArray(value)) throw malformed('dataframe_records must be a list of records');
  if (value.every(isObject)) return recordsFrame(value, '/dataframe_records');
  if (value.some(isObject)) throw malformed('dataframe_records mixes objects with other values');
  // pandas numbers the columns of rows that are lists or bare values.
  const rows = splitRows(value);
  const cells = rows.map((row) => (row.length === 1 ? row[0] : row));
  return listFrame(cells, Math.max(1, longest(rows)), '/dataframe_records', []);
}

/** One object whose members are the columns: lists of one length; a single value stands for every row. */
export function columnsFrame(columns: Readonly<Record<string, unknown>>, at: string): Frame | null {
  const entries = Object.entries(columns);
  const lengths = new Set(entries.flatMap(([, value]) => (Array.isArray(value) ? [value.length] : [])));
  if (lengths.size !== 1) return null;
  const [rows = 0] = lengths;
  const made = entries.map(([name, value]) => ({
    name,
    cells: Array.isArray(value) ? value : new Array<unknown>(rows).fill(value),
    pointer: (row: number) => `${at}/${escape(name)}${Array.isArray(value) ? `/${String(row)}` : ''}`,
  }));
  return { rows, columns: made };
}

/** Values of one column, or of several by position: `[1, 2]`, `[[1, "a"], [2, "b"]]`. */
export function listFrame(
  list: readonly unknown[],
  width: number,
  at: string,
  names: readonly (string | null)[],
): Frame {
  const columns = Array.from({ length: width }, (_, column) => ({
    name: names[column] ?? String(column),
    cells:
      width === 1
        ? list
        : list.map((row) => (Array.isArray(row) ? (row as readonly unknown[])[column] : undefined)),
    pointer: (row: number) => `${at}/${String(row)}${width === 1 ? '' : `/${String(column)}`}`,
  }));
  return { rows: list.length, columns };
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
