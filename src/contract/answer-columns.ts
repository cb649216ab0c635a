import type { Nested, NestedObject, Payload, Table, Tensors } from '../payload/payload.ts';
import type { Cells } from './conform-cells.ts';
import { kindOf, Misfit } from './misfit.ts';
import type { AnswerColumns } from './answer.ts';
import { isList, isObject } from './nested.ts';
import type { ColumnSchema, ColumnSpec, DataType } from './signature.ts';
import { tensorColumns } from './tensor-columns.ts';

export function answerColumns(
  answer: Payload,
  schema: ColumnSchema,
  rows: number | null,
): AnswerColumns | Misfit {
  switch (answer.kind) {
    case 'table':
      return tableColumns(answer, schema);
    case 'tensors':
      return tensorsAsColumns(answer, schema);
    case 'value':
      return valueColumns(answer.value, schema, rows);
  }
}

function tableColumns(table: Table, schema: ColumnSchema): AnswerColumns {
  const { rows, columns } = table;
  if (!schema.named) return { rows, column: (_spec, position) => columns[position] ?? null };
  const named = new Map(columns.map((column) => [column.name, column]));
  const only = soleColumn(table, schema);
  return { rows, column: (spec) => named.get(spec.name) ?? only };
}

/**
 * The one column of a table for the one column of the schema, where its name is not the model's choice: a series
 * goes by its values, and pandas calls the column of a bare array 0.
 */
function soleColumn({ columns, series }: Table, schema: ColumnSchema): Cells | null {
  const [first] = columns;
  if (first === undefined || columns.length > 1 || schema.columns.length > 1) return null;
  return series === true || first.name === null || first.name === '0' ? first : null;
}

function tensorsAsColumns({ tensors }: Tensors, schema: ColumnSchema): AnswerColumns | Misfit {
  const [first] = tensors;
  const alone = tensors.length === 1 && (first?.name === null || !schema.named) ? first : undefined;
  if (alone !== undefined) return tensorColumns(alone, schema);
  const sources = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const rows = first?.shape[0] ?? 1;
  return {
    rows,
    column: (spec, position) => {
      const tensor = schema.named ? sources.get(spec.name) : tensors[position];
      if (tensor === undefined) return null;
      const found = tensorColumns(tensor, { ...schema, columns: [spec] });
      return found instanceof Misfit ? found : found.column(spec, 0);
    },
  };
}

function valueColumns(value: Nested, schema: ColumnSchema, rows: number | null): AnswerColumns | Misfit {
  if (isList(value)) return listColumns(value, schema);
  const sole = schema.columns.length === 1 ? schema.columns[0] : undefined;
  if (isObject(value) && !isCell(value, sole)) return objectColumns(value, schema, rows);
  if (sole === undefined || value === null) return new Misfit(columnsWords(schema), kindOf(value));
  return soleCells([value]);
}

function soleCells(data: readonly Nested[]): AnswerColumns {
  return { rows: data.length, column: () => ({ vector: { dtype: 'object', data }, nulls: null }) };
}

const holdsObjects: ReadonlySet<DataType['kind']> = new Set(['object', 'map', 'any']);

/** Whether an object is a cell of the only column, rather than a record with the column in it. */
function isCell(value: NestedObject, sole: ColumnSpec | undefined): boolean {
  if (sole === undefined || !holdsObjects.has(sole.type.kind)) return false;
  return sole.name === null || !Object.hasOwn(value, sole.name);
}

function listColumns(list: readonly Nested[], schema: ColumnSchema): AnswerColumns | Misfit {
  const sole = schema.columns.length === 1 ? schema.columns[0] : undefined;
  const records = list.filter(isObject);
  if (schema.named && list.length > 0 && records.length === list.length) {
    return records.every((item) => isCell(item, sole)) ? soleCells(list) : recordColumns(records);
  }
  if (sole !== undefined) return soleCells(list);
  const width = schema.columns.length;
  if (!schema.named && list.every((row) => isList(row) && row.length >= width))
    return rowColumns(list.filter(isList));
  if (list.length === 0) return { rows: 0, column: () => noCells };
  return new Misfit(columnsWords(schema), `list of ${kindOf(list[0])}`);
}

const noCells: Cells = { vector: { dtype: 'object', data: [] }, nulls: null };

function rowColumns(list: readonly (readonly Nested[])[]): AnswerColumns {
  return {
    rows: list.length,
    column: (_spec, position) => objectCells(list.map((row) => row[position] ?? null)),
  };
}

/** A record without an optional column has a null there; one without a required column does not fit. */
function recordColumns(records: readonly NestedObject[]): AnswerColumns {
  return {
    rows: records.length,
    column: ({ name, type, required }) => {
      const key = name ?? '';
      const without = records.findIndex((record) => !Object.hasOwn(record, key));
      if (without >= 0 && required) return new Misfit(type.kind, 'nothing').inRow(without);
      return objectCells(records.map((record) => (Object.hasOwn(record, key) ? record[key] : null) ?? null));
    },
  };
}

/** A dict: of lists with a cell for each row, or of the cells of one row. */
function objectColumns(
  object: NestedObject,
  schema: ColumnSchema,
  rows: number | null,
): AnswerColumns | Misfit {
  const entries = Object.entries(object);
  const pick = ({ name }: ColumnSpec): Nested | undefined =>
    name === null ? entries[0]?.[1] : Object.hasOwn(object, name) ? object[name] : undefined;
  if (!schema.named && (entries.length > 1 || schema.columns.length > 1)) {
    return new Misfit(columnsWords(schema), 'object with names');
  }
  const given = schema.columns.filter((spec) => pick(spec) !== undefined);
  const columnar = given.length > 0 && given.every((spec) => isColumn(spec.type, pick(spec), rows));
  const lengths = given.map((spec) => pick(spec)).map((value) => (isListOrNone(value) ? value.length : 1));
  return {
    rows: columnar ? (lengths[0] ?? 0) : 1,
    column: (spec) => {
      const value = pick(spec);
      if (value === undefined) return null;
      return objectCells(columnar && isList(value) ? value : [value]);
    },
  };
}

function isListOrNone(value: Nested | undefined): value is readonly Nested[] {
  return value !== undefined && isList(value);
}

/** Whether a list holds one cell for each row, rather than being the one cell of an array column. */
function isColumn(type: DataType, value: Nested | undefined, rows: number | null): boolean {
  if (!isListOrNone(value)) return false;
  if (type.kind === 'any') return rows === null || value.length === rows;
  if (type.kind !== 'array') return true;
  if (type.items.kind === 'any' || type.items.kind === 'array') return rows === null || value.length === rows;
  return value.every((item) => item === null || isList(item));
}

function objectCells(data: readonly Nested[]): Cells {
  return { vector: { dtype: 'object', data }, nulls: null };
}

/** What the schema asks for, in a few words: "columns `label`, `score`". */
export function columnsWords(schema: ColumnSchema): string {
  if (!schema.named) return `${String(schema.columns.length)} unnamed columns`;
  const names = schema.columns.slice(0, 5).map((column) => `\`${String(column.name)}\``);
  return `columns ${names.join(', ')}${schema.columns.length > 5 ? ', ...' : ''}`;
}
