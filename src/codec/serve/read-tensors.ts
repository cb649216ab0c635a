import type { TensorDtype, TensorSchema, TensorSpec } from '../../contract/signature.ts';
import type { Tensor } from '../../payload/payload.ts';
import type { RequestPart } from '../codec.ts';
import { Faults, step } from '../values/faults.ts';
import { elementReader, nonFiniteElementReader, type ElementReader } from '../values/read-element.ts';
import { isObject, type ReadPolicy } from '../values/read-nested.ts';
import { expected } from '../values/words.ts';
import { type BodyRows, listedRows, type ReadInputs, singleRow } from './body-rows.ts';
import { areRecords, memberGetter, recordFaults } from './fields.ts';
import { groupRows, pick } from './groups.ts';
import { listDepth, measure, readCells } from '../values/tensor-cells.ts';

/**
 * Reads the rows of a tensor schema. Where every first dimension is free, a row is what lies beneath it, and rows
 * of one shape are stacked. Else a row is all the tensors whole, and each goes to the model alone.
 */
export function readTensors(
  schema: TensorSchema,
  body: unknown,
  at: string,
  policy: ReadPolicy,
): ReadInputs | Faults {
  const stacked = schema.tensors.every((spec) => spec.shape[0] === -1);
  if (stacked && hasObjectRows(schema) && !Array.isArray(body)) {
    return Faults.of(expected('a list of rows', body), at);
  }
  const rows = schema.named ? namedRows(body, at) : unnamedRows(schema, body, at, stacked);
  const cellsOf = cellReader(schema, rows.rows, policy);
  if (cellsOf === null) return explainRecords(schema, rows, stacked, policy);
  return new TensorReading(schema.tensors, cellsOf, rows, stacked, readerOf(policy)).read();
}

/** An object element may be a list itself, so that depth says nothing: the body is a list of rows. */
function hasObjectRows(schema: TensorSchema): boolean {
  return !schema.named && schema.tensors[0]?.dtype === 'object';
}

function namedRows(body: unknown, at: string): BodyRows {
  return Array.isArray(body) ? listedRows(body, at) : singleRow(body, at);
}

function unnamedRows(schema: TensorSchema, body: unknown, at: string, stacked: boolean): BodyRows {
  const [spec] = schema.tensors;
  if (!stacked || spec === undefined || !Array.isArray(body)) return singleRow(body, at);
  const rank = spec.shape.length;
  const isList = hasObjectRows(schema) || listDepth(body, rank) === rank;
  return isList ? listedRows(body, at) : singleRow(body, at);
}

type CellsOf = (spec: TensorSpec) => readonly unknown[];

function cellReader(schema: TensorSchema, rows: readonly unknown[], policy: ReadPolicy): CellsOf | null {
  if (!schema.named) return () => rows;
  const names = new Set(schema.tensors.map((spec) => spec.name ?? ''));
  if (!areRecords(rows, names, policy.unknownFields)) return null;
  const complete = [...names].every((name) =>
    rows.map(memberGetter(name)).every((cell) => cell !== undefined),
  );
  return complete ? (spec) => rows.map(memberGetter(spec.name ?? '')) : null;
}

function readerOf(policy: ReadPolicy): (dtype: TensorDtype) => ElementReader {
  return policy.nonFinite ? nonFiniteElementReader : elementReader;
}

class TensorReading {
  readonly #tensors: readonly { readonly spec: TensorSpec; readonly cells: readonly unknown[] }[];
  readonly #rows: BodyRows;
  readonly #stacked: boolean;
  readonly #readerOf: (dtype: TensorDtype) => ElementReader;
  readonly #faults = new Faults();

  constructor(
    specs: readonly TensorSpec[],
    cellsOf: CellsOf,
    rows: BodyRows,
    stacked: boolean,
    readerOf: (dtype: TensorDtype) => ElementReader,
  ) {
    this.#tensors = specs.map((spec) => ({ spec, cells: cellsOf(spec) }));
    this.#rows = rows;
    this.#stacked = stacked;
    this.#readerOf = readerOf;
  }

  read(): ReadInputs | Faults {
    const rows = this.#rows.rows.length;
    const parts = this.#groups(rows).map((positions) => this.#part(positions));
    return this.#faults.count > 0 ? this.#faults : { parts, rows };
  }

  #groups(rows: number): readonly (readonly number[] | null)[] {
    if (!this.#stacked) return groupRows(rows, String);
    const free = this.#tensors.filter(({ spec }) => spec.shape.includes(-1, 1));
    return groupRows(rows, (row) =>
      free.map(({ spec, cells }) => measure(cells[row], spec.shape.slice(1)).join('x')).join(),
    );
  }

  #part(positions: readonly number[] | null): RequestPart {
    const tensors = this.#tensors.map(({ spec, cells }) =>
      this.#tensor(spec, pick(cells, positions), positions),
    );
    return { input: { kind: 'tensors', tensors }, positions };
  }

  #tensor(spec: TensorSpec, cells: readonly unknown[], positions: readonly number[] | null): Tensor {
    const dimensions = measure(cells[0], this.#stacked ? spec.shape.slice(1) : spec.shape);
    const read = readCells(spec, this.#readerOf(spec.dtype), cells, dimensions);
    const shape = this.#stacked ? [cells.length, ...dimensions] : dimensions;
    if ('dtype' in read) return { name: spec.name, shape, vector: read };
    const within = spec.name === null ? '' : step(spec.name);
    read.forEach((faults, index) => {
      this.#faults.addAll(this.#rows.pointer(positions?.[index] ?? index) + within, faults);
    });
    return { name: spec.name, shape, vector: { dtype: 'object', data: [] } };
  }
}

/** Rows that are no objects, or have too many or too few members; and what is wrong with those they have. */
function explainRecords(
  schema: TensorSchema,
  { rows, pointer }: BodyRows,
  stacked: boolean,
  policy: ReadPolicy,
): Faults {
  const names = schema.tensors.map((spec) => spec.name ?? '');
  const faults = new Faults();
  rows.forEach((row, index) => {
    faults.addAll(pointer(index), recordFaults(row, names, policy.unknownFields) ?? new Faults());
    if (!isObject(row)) return;
    for (const spec of schema.tensors) {
      faults.addAll(pointer(index) + step(spec.name ?? ''), memberFaults(spec, row, stacked, policy));
    }
  });
  return faults;
}

function memberFaults(
  spec: TensorSpec,
  row: Readonly<Record<string, unknown>>,
  stacked: boolean,
  policy: ReadPolicy,
): Faults {
  const cell = memberGetter(spec.name ?? '')(row);
  if (cell === undefined) return Faults.of('required tensor is missing');
  const dimensions = stacked ? spec.shape.slice(1) : spec.shape;
  const read = readCells(spec, readerOf(policy)(spec.dtype), [cell], measure(cell, dimensions));
  return 'dtype' in read ? new Faults() : (read[0] ?? new Faults());
}
