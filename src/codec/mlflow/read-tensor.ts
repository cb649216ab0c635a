import type { TensorSchema, TensorSpec } from '../../contract/signature.ts';
import type { Tensor, Tensors } from '../../payload/payload.ts';
import { Faults, step } from '../values/faults.ts';
import { nonFiniteElementReader } from '../values/read-element.ts';
import { isObject } from '../values/read-nested.ts';
import { countLists, measure, readCells } from '../values/tensor-cells.ts';
import { expected } from '../values/words.ts';
import { malformed, misfit, unreadable } from './fail.ts';
import { isCastable } from './numpy-casts.ts';
import type { Frame, FrameColumn } from './frame.ts';

/** `inputs` (or `instances` turned into columns) under a tensor schema. */
export function readTensorInputs(schema: TensorSchema, value: unknown, at: string): Tensors {
  const [only, ...others] = schema.tensors;
  if (!schema.named && only !== undefined) {
    if (isObject(value) || value === null)
      throw malformed('the signature has one unnamed tensor, which is a list');
    return { kind: 'tensors', tensors: [readWhole(only, value, at)] };
  }
  if (isObject(value)) {
    if (at === '/instances') checkLists(value);
    return readMembers(schema, value, at);
  }
  if (Array.isArray(value) && others.length === 0 && only !== undefined && !value.some(isObject)) {
    return { kind: 'tensors', tensors: [readWhole(only, value, at)] };
  }
  throw misfit(Faults.of(expected('an object of tensors', value), at));
}

/** Each of `instances` has a length. */
function checkLists(value: Readonly<Record<string, unknown>>): void {
  if (Object.values(value).every(Array.isArray)) return;
  throw malformed('the tensors of `instances` must be lists');
}

function readMembers(schema: TensorSchema, value: Readonly<Record<string, unknown>>, at: string): Tensors {
  const missing = schema.tensors.filter(({ name }) => !Object.hasOwn(value, name ?? ''));
  if (missing.length > 0) throw misfit(missingTensors(missing));
  const tensors = schema.tensors.map((spec) => {
    const name = spec.name ?? '';
    return readWhole(spec, value[name], at + step(name));
  });
  return { kind: 'tensors', tensors };
}

function missingTensors(specs: readonly TensorSpec[]): Faults {
  return Faults.of(
    `required tensors are missing: ${specs.map(({ name }) => `\`${name ?? ''}\``).join(', ')}`,
  );
}

/** Nested lists as one tensor: first all of one shape and type, then of the shape that the signature says. */
function readWhole(spec: TensorSpec, value: unknown, at: string): Tensor {
  const rank = spec.dtype === 'object' ? spec.shape.length : 32;
  const depth = countLists(value, rank);
  const shape = measure(value, new Array<number>(depth).fill(-1));
  const isOther = !fits(shape, spec.shape);
  if (isOther && isCastable(spec.dtype, value)) throw misfit(otherShape(spec, shape, at));
  const read = readCells(spec, nonFiniteElementReader(spec.dtype), [value], shape);
  if (!('dtype' in read)) throw unreadable(prefixed(at, read[0]));
  if (isOther) throw misfit(otherShape(spec, shape, at));
  return { name: spec.name, shape, vector: read };
}

function otherShape(spec: TensorSpec, shape: readonly number[], at: string): Faults {
  return Faults.of(`expected shape [${spec.shape.join(', ')}], got [${shape.join(', ')}]`, at);
}

function fits(shape: readonly number[], spec: readonly number[]): boolean {
  return (
    shape.length === spec.length && spec.every((length, axis) => length === -1 || length === shape[axis])
  );
}

function prefixed(at: string, faults: Faults | undefined): Faults {
  const all = new Faults();
  if (faults !== undefined) all.addAll(at, faults);
  return all;
}

/**
 * A frame under a tensor schema. Each named tensor is a column of lists or of scalars, reshaped to the dimensions
 * that the schema fixes; an unnamed one is one such column, or as many columns as it is wide.
 */
export function readTensorFrame(schema: TensorSchema, frame: Frame): Tensors {
  const [only] = schema.tensors;
  if (!schema.named && only !== undefined) return { kind: 'tensors', tensors: [readUnnamed(only, frame)] };
  const columns = schema.tensors.map((spec) => frame.columns.findLast(({ name }) => name === spec.name));
  checkCasts(schema.tensors, columns);
  const missing = schema.tensors.filter((_, index) => columns[index] === undefined);
  if (missing.length > 0) throw misfit(missingTensors(missing));
  // MLflow looks at the row of label 0.
  if (frame.labels?.includes(0) === false) throw misfit(Faults.of('expected an `index` with the label 0'));
  const tensors = schema.tensors.map((spec, index) => reshaped(spec, columns[index]));
  return { kind: 'tensors', tensors };
}

function readUnnamed(spec: TensorSpec, frame: Frame): Tensor {
  if (frame.rows === 0 || frame.columns.length === 0) throw malformed('the frame is empty');
  if (frame.columns.length === 1) return reshaped(spec, frame.columns[0]);
  const rows = Array.from({ length: frame.rows }, (_, row) =>
    frame.columns.map(({ cells }) => cells[row] ?? null),
  );
  const fitting =
    spec.shape.length === 2 &&
    spec.shape[0] === -1 &&
    spec.shape[1] === frame.columns.length &&
    spec.dtype !== 'str';
  if (fitting) return readWhole(spec, rows, '');
  throw misfit(
    Faults.of(`expected shape [${spec.shape.join(', ')}], got ${String(frame.columns.length)} columns`),
  );
}

/** MLflow casts the cells of a frame first, unless they are lists: of those it only finds that they do not fit. */
function checkCasts(specs: readonly TensorSpec[], columns: readonly (FrameColumn | undefined)[]): void {
  specs.forEach(({ dtype }, index) => {
    const cells = columns[index]?.cells;
    if (cells === undefined) return;
    if (cells.length === 0) throw malformed('the frame has no rows');
    const isRead = Array.isArray(cells[0]) || cells.every((cell) => isCellCastable(dtype, cell));
    if (!isRead) throw malformed(`a column of the frame has a value that is no ${dtype}`);
  });
}

/** As pandas casts a column, which wraps a number that is too large. */
function isCellCastable(dtype: TensorSpec['dtype'], cell: unknown): boolean {
  if (typeof cell === 'number' && Number.isFinite(cell)) return true;
  return Array.isArray(cell) ? dtype === 'str' || dtype === 'bool' : isCastable(dtype, cell);
}

function reshaped(spec: TensorSpec, column: FrameColumn | undefined): Tensor {
  const cells = column?.cells ?? [];
  const inner = spec.shape.slice(1);
  if (spec.shape[0] !== -1 || inner.includes(-1)) {
    throw misfit(Faults.of('a frame only fits a tensor whose first dimension alone is free'));
  }
  const size = inner.reduce((product, dimension) => product * dimension, 1);
  const rows = cells.map((cell): readonly unknown[] => (Array.isArray(cell) ? cell : [cell]));
  if (rows[0]?.length === 0) throw malformed('the first list of the frame is empty');
  // By its first cell MLflow tells what a column holds.
  const isFlat = !(Array.isArray(cells[0]) && isNoScalar(cells[0][0]));
  // Beside a scalar MLflow takes a list for true, or for its text.
  const isMixed = !Array.isArray(cells[0]) && cells.some(Array.isArray);
  if (!isFlat || isMixed || rows.length === 0 || rows.some((row) => row.length !== size)) {
    throw misfit(Faults.of(`expected cells that make up shape [${spec.shape.join(', ')}]`));
  }
  const flat = rows.flat();
  const read = readCells(spec, nonFiniteElementReader(spec.dtype), [flat], [flat.length]);
  if (!('dtype' in read)) throw misfit(prefixed(column?.pointer(0) ?? '', read[0]));
  return { name: spec.name, shape: [rows.length, ...inner], vector: read };
}

function isNoScalar(value: unknown): boolean {
  return value === null || Array.isArray(value) || isObject(value);
}
