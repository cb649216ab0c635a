import { countersignError } from '../errors/countersign-error.ts';
import { concatCells, sliceCells, takeCells } from './vectors.ts';
import type { Column, Nested, Payload, Table, Tensor, Tensors, Value } from './payload.ts';
import { sealOfValue } from './sealed.ts';

/**
 * How many rows a payload has: a table's rows, the first dimension that all tensors share, the items of a
 * list. Null where rows mean nothing: tensors of different first dimensions or of none, and other values.
 */
export function rowCount(payload: Payload): number | null {
  switch (payload.kind) {
    case 'table':
      return payload.rows;
    case 'tensors':
      return commonFirstDimension(payload.tensors);
    case 'value':
      return valueRows(payload);
  }
}

function valueRows(payload: Value): number | null {
  const sealed = sealOfValue(payload);
  if (sealed !== null) return sealed.rows;
  return Array.isArray(payload.value) ? payload.value.length : null;
}

function commonFirstDimension(tensors: readonly Tensor[]): number | null {
  const first = tensors[0]?.shape[0];
  if (first === undefined) return null;
  return tensors.every((tensor) => tensor.shape[0] === first) ? first : null;
}

/** The rows at the given positions, in that order; a position may come more than once. */
export function takeRows(payload: Payload, positions: readonly number[]): Payload {
  switch (payload.kind) {
    case 'table':
      return { ...payload, rows: positions.length, columns: payload.columns.map(takeColumn(positions)) };
    case 'tensors':
      return { ...payload, tensors: payload.tensors.map(takeTensor(positions)) };
    case 'value':
      return { kind: 'value', value: positions.map((position) => listOf(payload.value)[position] ?? null) };
  }
}

const takeColumn =
  (positions: readonly number[]) =>
  (column: Column): Column => ({
    ...column,
    vector: takeCells(column.vector, positions),
    nulls: keepNulls(column.nulls && Uint8Array.from(positions, (position) => column.nulls?.[position] ?? 0)),
  });

const takeTensor =
  (positions: readonly number[]) =>
  (tensor: Tensor): Tensor => ({
    ...tensor,
    shape: [positions.length, ...tensor.shape.slice(1)],
    vector: takeCells(tensor.vector, positions, cellsPerRow(tensor)),
  });

/** One payload after the other: the rows of all, in order. They are of one shape (see `canJoin`). */
export function concat(payloads: readonly Payload[]): Payload {
  const [first] = payloads;
  if (first === undefined) throw unequal();
  if (payloads.length === 1) return first;
  switch (first.kind) {
    case 'table':
      return concatTables(payloads.map((payload) => (payload.kind === 'table' ? payload : refuse())));
    case 'tensors':
      return concatTensors(payloads.map((payload) => (payload.kind === 'tensors' ? payload : refuse())));
    case 'value':
      return { kind: 'value', value: payloads.flatMap((payload) => listOf(valueOf(payload))) };
  }
}

function concatTables(tables: readonly Table[]): Table {
  const [first] = tables;
  if (first === undefined) throw unequal();
  const columns = first.columns.map((column, index) => {
    const parts = tables.map((table) => table.columns[index] ?? refuse());
    if (parts.some((part) => part.name !== column.name)) throw unequal();
    return { ...column, vector: concatCells(parts.map((part) => part.vector)), nulls: concatNulls(parts) };
  });
  if (tables.some((table) => table.columns.length !== columns.length)) throw unequal();
  return { ...first, rows: tables.reduce((sum, table) => sum + table.rows, 0), columns };
}

function concatNulls(columns: readonly Column[]): Uint8Array | null {
  if (columns.every((column) => column.nulls === null)) return null;
  const parts = columns.map((column) => column.nulls ?? new Uint8Array(column.vector.data.length));
  const nulls = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    nulls.set(part, offset);
    offset += part.length;
  }
  return nulls;
}

function concatTensors(payloads: readonly Tensors[]): Tensors {
  const [first] = payloads;
  if (first === undefined || payloads.some(({ tensors }) => tensors.length !== first.tensors.length)) {
    throw unequal();
  }
  return { kind: 'tensors', tensors: first.tensors.map((_, index) => concatTensor(payloads, index)) };
}

function concatTensor(payloads: readonly Tensors[], index: number): Tensor {
  const parts = payloads.map(({ tensors }) => tensors[index] ?? refuse());
  const [first] = parts;
  if (first === undefined || parts.some((part) => rowShape(part) !== rowShape(first))) throw unequal();
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? refuse()), 0);
  return {
    ...first,
    shape: [rows, ...first.shape.slice(1)],
    vector: concatCells(parts.map((part) => part.vector)),
  };
}

/** Consecutive runs of rows, `counts` long each; they add up to the payload's rows. */
export function split(payload: Payload, counts: readonly number[]): Payload[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (rowCount(payload) !== total) throw unequal();
  if (counts.length === 1) return [payload];
  let start = 0;
  return counts.map((count) => {
    const end = start + count;
    const run = sliceRows(payload, start, end);
    start = end;
    return run;
  });
}

function sliceRows(payload: Payload, start: number, end: number): Payload {
  switch (payload.kind) {
    case 'table':
      return { ...payload, rows: end - start, columns: payload.columns.map(sliceColumn(start, end)) };
    case 'tensors':
      return { ...payload, tensors: payload.tensors.map(sliceTensor(start, end)) };
    case 'value':
      return { kind: 'value', value: listOf(payload.value).slice(start, end) };
  }
}

const sliceColumn =
  (start: number, end: number) =>
  (column: Column): Column => ({
    ...column,
    vector: sliceCells(column.vector, start, end),
    nulls: keepNulls(column.nulls?.subarray(start, end) ?? null),
  });

const sliceTensor =
  (start: number, end: number) =>
  (tensor: Tensor): Tensor => {
    const size = cellsPerRow(tensor);
    const vector = sliceCells(tensor.vector, start * size, end * size);
    return { ...tensor, shape: [end - start, ...tensor.shape.slice(1)], vector };
  };

/**
 * Whether it may share a batch with others of its shape (`canJoin`): joined, each row looks to the model exactly as it
 * does alone. Not so of a column with null cells beside others (pandas shows a null string alone as None, beside
 * strings as NaN), tensors without a common first dimension, plain values.
 */
export function isJoinable(payload: Payload): boolean {
  switch (payload.kind) {
    case 'table':
      return payload.labels === undefined && !payload.columns.some(isPartlyNull);
    case 'tensors':
      return rowCount(payload) !== null;
    case 'value':
      return false;
  }
}

/** Whether two payloads that are each joinable, and have rows, may share a batch. */
export function canJoin(one: Payload, other: Payload): boolean {
  if (one.kind === 'table' && other.kind === 'table') {
    return (
      (one.arrays === true) === (other.arrays === true) &&
      one.columns.length === other.columns.length &&
      one.columns.every((column, index) => isOfKind(column, other.columns[index]))
    );
  }
  if (one.kind !== 'tensors' || other.kind !== 'tensors') return false;
  return (
    one.tensors.length === other.tensors.length &&
    one.tensors.every((tensor, index) => hasRowsOf(tensor, other.tensors[index]))
  );
}

function isPartlyNull({ nulls }: Column): boolean {
  return nulls?.includes(1) === true && nulls.includes(0);
}

/** Of columns that are all null or not at all. */
function isOfKind(one: Column, other: Column | undefined): boolean {
  return (
    one.name === other?.name &&
    one.vector.dtype === other.vector.dtype &&
    (one.nulls?.[0] === 1) === (other.nulls?.[0] === 1)
  );
}

function hasRowsOf(one: Tensor, other: Tensor | undefined): boolean {
  return (
    one.name === other?.name && one.vector.dtype === other.vector.dtype && rowShape(one) === rowShape(other)
  );
}

/** Cells in one row of a tensor. */
export function cellsPerRow(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
}

function rowShape(tensor: Tensor): string {
  return tensor.shape.slice(1).join('x');
}

function keepNulls(nulls: Uint8Array | null): Uint8Array | null {
  return nulls?.includes(1) === true ? nulls : null;
}

function listOf(value: Nested): readonly Nested[] {
  return Array.isArray(value) ? (value as readonly Nested[]) : refuse();
}

function valueOf(payload: Payload): Nested {
  return payload.kind === 'value' ? payload.value : refuse();
}

function unequal(): Error {
  return countersignError('INTERNAL').with({ cause: 'payloads of different shapes cannot be joined or cut' });
}

function refuse(): never {
  throw unequal();
}
