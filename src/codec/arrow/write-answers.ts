import type { Field } from '@uwdata/flechette';
import { conformNested } from '../../contract/conform-nested.ts';
import { Misfit } from '../../contract/misfit.ts';
import type { ColumnSchema, ColumnSpec, Schema } from '../../contract/signature.ts';
import { columnDtype, emptyVector } from '../../payload/dtypes.ts';
import type { Column, Nested, Payload, Table, Tensor } from '../../payload/payload.ts';
import { concat, takeRows } from '../../payload/rows.ts';
import { concatCells, sliceCells } from '../../payload/vectors.ts';
import type { DecodedRequest, EncodedAnswer } from '../codec.ts';
import { arrowType } from '../accept.ts';
import { rowTexts } from '../serve/write-answers.ts';
import { isStacked } from '../serve/write-rows.ts';
import type { ArrowLibrary } from './library.ts';
import { jsonExtension } from './read-cells.ts';
import { ColumnWriter, type WrittenCells } from './write-column.ts';

/**
 * The answer to a request as an Arrow stream of one batch: the columns of the contract's outputs, a row per output,
 * in the order of the request. A column without a name is called by its position. A tensor is a column of lists, of
 * fixed size where the contract fixes them; values without a type are JSON, as the extension `arrow.json` has it.
 */
export function writeAnswers(
  answers: readonly Payload[],
  request: DecodedRequest,
  outputs: Schema | null,
  library: ArrowLibrary,
  zone: string | null,
): EncodedAnswer {
  const writer = new ColumnWriter(library, zone);
  const written =
    writeTables(answers, request, outputs, writer) ??
    writeTensors(answers, request, outputs, writer) ??
    writeJson(answers, request, outputs, writer);
  const fields: Field[] = written.map(({ name, cells }) => writer.field(name, cells));
  const schema = {
    version: library.Version.V5,
    endianness: library.Endianness.Little,
    fields,
    metadata: null,
  };
  const columns = written.map(({ cells }) => new library.Column([cells.batch], cells.type));
  const body = library.tableToIPC(new library.Table(schema, columns), {});
  return { contentType: arrowType, body: body ?? new Uint8Array() };
}

interface WrittenColumn {
  readonly name: string;
  readonly cells: WrittenCells;
}

function writeTables(
  answers: readonly Payload[],
  request: DecodedRequest,
  outputs: Schema | null,
  writer: ColumnWriter,
): readonly WrittenColumn[] | null {
  const schema = outputs?.kind === 'columns' ? outputs : null;
  const tables = answers.filter((answer) => answer.kind === 'table');
  if (tables.length < answers.length || (tables.length === 0 && schema === null)) return null;
  const table = tables.length === 0 && schema !== null ? noRows(schema) : inOrder(tables, request);
  return (
    table?.columns.map((column, index) => ({
      name: column.name ?? String(index),
      cells: writeColumn(column, specOf(schema, column, index), writer),
    })) ?? null
  );
}

function noRows({ columns }: ColumnSchema): Table {
  const made = columns.map(({ name, type }) => ({
    name,
    vector: emptyVector(columnDtype(type.kind), 0),
    nulls: null,
  }));
  return { kind: 'table', rows: 0, columns: made };
}

/** Null where the parts of an unchecked answer have different columns. */
function inOrder(tables: readonly Table[], { parts }: DecodedRequest): Table | null {
  const [first, ...more] = tables;
  if (first === undefined) return null;
  if (more.length === 0) return first;
  if (more.some((table) => shapeOf(table) !== shapeOf(first))) return null;
  const joined = takeRows(concat(tables), placesOf(parts));
  return joined.kind === 'table' ? joined : null;
}

function shapeOf({ columns }: Table): string {
  return JSON.stringify(columns.map(({ name, vector }) => [name, vector.dtype]));
}

/** Where each row of the request stands among the rows of its parts, one part after the other. */
function placesOf(parts: DecodedRequest['parts']): readonly number[] {
  const places: number[] = [];
  let place = 0;
  for (const { positions } of parts) for (const position of positions ?? []) places[position] = place++;
  return places;
}

function specOf(schema: ColumnSchema | null, { name }: Column, index: number): ColumnSpec | undefined {
  return schema?.named === true ? schema.columns.find((spec) => spec.name === name) : schema?.columns[index];
}

/** As the contract has it, where the answer is what the contract says. */
function writeColumn(
  { vector, nulls }: Column,
  spec: ColumnSpec | undefined,
  writer: ColumnWriter,
): WrittenCells {
  if (vector.dtype !== 'object') return writer.vector(vector, nulls);
  const cells = vector.data.map((cell, row) => (nulls?.[row] === 1 ? null : cell));
  const typed = spec === undefined ? null : typedCells(spec, cells);
  return spec === undefined || typed === null
    ? writer.cells({ kind: 'any' }, cells)
    : writer.cells(spec.type, typed);
}

function typedCells({ type }: ColumnSpec, cells: readonly Nested[]): readonly Nested[] | null {
  const typed: Nested[] = [];
  for (const cell of cells) {
    const value = cell === null ? null : conformNested(type, cell);
    if (value instanceof Misfit) return null;
    typed.push(value);
  }
  return typed;
}

function writeTensors(
  answers: readonly Payload[],
  request: DecodedRequest,
  outputs: Schema | null,
  writer: ColumnWriter,
): readonly WrittenColumn[] | null {
  const schema = outputs?.kind === 'tensors' ? outputs : null;
  const parts = answers.map((answer, index) => {
    if (answer.kind !== 'tensors') return null;
    const rows = request.parts[index]?.positions?.length ?? request.rows;
    return isStacked(answer, rows, outputs) ? answer.tensors : answer.tensors.map(asOneRow);
  });
  if (parts.includes(null) || (parts.length === 0 && schema === null)) return null;
  const whole = parts.filter((tensors) => tensors !== null);
  const specs =
    schema?.tensors ??
    whole[0]?.map(({ name, vector, shape }) => ({
      name,
      dtype: vector.dtype,
      shape: shape.map(() => -1),
    })) ??
    [];
  const stacked = specs.every(({ shape }) => shape[0] === -1);
  const written = specs.map(({ name, dtype, shape }, index) => {
    const column = whole.map((tensors) => tensors[index]);
    const inner = stacked ? shape.slice(1) : shape;
    const cells = writeTensor(column, request, dtype, inner, writer);
    return cells === null ? null : { name: name ?? String(index), cells };
  });
  return written.includes(null) ? null : written.filter((column) => column !== null);
}

/** A tensor that has no rows is the one cell of one. */
function asOneRow(tensor: Tensor): Tensor {
  return { ...tensor, shape: [1, ...tensor.shape] };
}

/** Null where the parts of an unchecked answer do not go into one column. */
function writeTensor(
  parts: readonly (Tensor | undefined)[],
  request: DecodedRequest,
  dtype: Column['vector']['dtype'],
  wanted: readonly number[],
  writer: ColumnWriter,
): WrittenCells | null {
  const rows: { readonly dimensions: readonly number[]; readonly vector: Column['vector'] }[] = [];
  for (const [index, tensor] of parts.entries()) {
    if (tensor?.vector.dtype !== dtype || tensor.shape.length !== wanted.length + 1) return null;
    const [count = 0, ...dimensions] = tensor.shape;
    if (wanted.some((length, axis) => length !== -1 && length !== dimensions[axis])) return null;
    const size = product(dimensions);
    for (let row = 0; row < count; row++) {
      const place = request.parts[index]?.positions?.[row] ?? row;
      rows[place] = { dimensions, vector: sliceCells(tensor.vector, row * size, (row + 1) * size) };
    }
  }
  const vectors = rows.map(({ vector }) => vector);
  const [only] = parts;
  const sole = parts.length === 1 ? only?.vector : undefined;
  const all = sole ?? (vectors.length === 0 ? emptyVector(dtype, 0) : concatCells(vectors));
  return wanted.reduceRight<WrittenCells>(
    (items, length, axis) => {
      const lengths = rows.flatMap(({ dimensions }) =>
        new Array<number>(product(dimensions.slice(0, axis))).fill(dimensions[axis] ?? 0),
      );
      return writer.lists(items, lengths, length === -1 ? null : length, null);
    },
    writer.vector(all, null),
  );
}

function product(dimensions: readonly number[]): number {
  return dimensions.reduce((size, dimension) => size * dimension, 1);
}

/** What is neither table nor tensors: each row as the JSON that `/serve` would write. */
function writeJson(
  answers: readonly Payload[],
  request: DecodedRequest,
  outputs: Schema | null,
  writer: ColumnWriter,
): readonly WrittenColumn[] {
  const texts = rowTexts(answers, request, outputs);
  const cells = writer.vector({ dtype: 'str', data: texts }, null);
  return [{ name: '0', cells: { ...cells, extension: jsonExtension } }];
}
