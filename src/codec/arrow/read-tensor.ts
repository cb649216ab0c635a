import type { DataType, TensorDtype, TensorSpec } from '../../contract/signature.ts';
import { emptyVector, isNumeric } from '../../payload/dtypes.ts';
import type { Tensor, Vector } from '../../payload/payload.ts';
import { concatCells } from '../../payload/vectors.ts';
import { brokenArrow } from './broken.ts';
import { nullsOf } from './layout.ts';
import { columnCells, extensionOf, readVector } from './read-column.ts';
import { type ArrowBatch, type ArrowColumn, readArrow } from './read-stream.ts';

/**
 * Columns as one tensor whose first dimension is their rows, buffer by buffer: one column of numbers or of fixed-size
 * lists of them, or several columns of numbers for a matrix. Null where cells need a look each.
 */
export function tensorAtOnce(spec: TensorSpec, columns: readonly ArrowColumn[], rows: number): Tensor | null {
  return readArrow(() => {
    const [only, ...more] = columns;
    const inner = spec.shape.slice(1);
    if (only === undefined) return null;
    if (more.length === 0) {
      const read = fixedCells(spec.dtype, only);
      const dimensions = read === null ? null : fitting(read.dimensions, inner);
      return read === null || dimensions === null
        ? null
        : { name: spec.name, shape: [rows, ...dimensions], vector: read.vector };
    }
    if (inner.length !== 1 || (inner[0] !== -1 && inner[0] !== columns.length)) return null;
    const vector = interleave(spec.dtype, columns, rows);
    return vector === null ? null : { name: spec.name, shape: [rows, columns.length], vector };
  });
}

/** The cells of a column as JSON values, each as deep as the tensor is beneath its rows, or as a whole. */
export function tensorCells(spec: TensorSpec, column: ArrowColumn, isStacked: boolean): readonly unknown[] {
  const dimensions = isStacked ? spec.shape.slice(1) : spec.shape;
  const type = dimensions.reduce<DataType>((items) => ({ kind: 'array', items }), elementType(spec.dtype));
  const cells = columnCells(column, type, true);
  const shape = tensorShape(column) ?? dimensions;
  const isFlat = column.type.typeId === 16 && !Array.isArray(cells.flat(1)[0]);
  return isFlat && shape.length > 1 && !shape.includes(-1) ? cells.map((cell) => nest(cell, shape)) : cells;
}

/** The first cells of all, the second ones, and so on. */
export function rowsOfColumns(columns: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return (columns[0] ?? []).map((_, row) => columns.map((cells) => cells[row] ?? null));
}

/** How the elements of a dtype are written in JSON. */
function elementType(dtype: TensorDtype): DataType {
  if (dtype.startsWith('float')) return { kind: 'double' };
  if (dtype === 'datetime64') return { kind: 'datetime' };
  if (dtype === 'bytes') return { kind: 'binary' };
  return { kind: dtype === 'object' ? 'any' : 'string' };
}

interface FixedCells {
  /** Beneath the rows. */
  readonly dimensions: readonly number[];
  readonly vector: Vector;
}

function fixedCells(dtype: TensorDtype, column: ArrowColumn): FixedCells | null {
  const vectors: Vector[] = [];
  let dimensions: readonly number[] = [];
  for (const batch of column.batches) {
    const { strides, leaf } = descend(batch);
    const vector = leaf === null || nullsOf(leaf) !== null ? null : readVector(dtype, leaf);
    if (vector === null) return null;
    dimensions = strides;
    vectors.push(vector);
  }
  const [only] = vectors;
  if (only === undefined) return null;
  return {
    dimensions: tensorShape(column) ?? dimensions,
    vector: vectors.length === 1 ? only : concatCells(vectors),
  };
}

/** Through fixed-size lists without nulls to what they hold, all of it and nothing beside. */
function descend(batch: ArrowBatch): { strides: readonly number[]; leaf: ArrowBatch | null } {
  const strides: number[] = [];
  let at = batch;
  while (at.type.typeId === 16) {
    const [items] = at.children;
    const { stride } = at.type;
    if (items?.length !== at.length * stride || nullsOf(at) !== null) return { strides, leaf: null };
    strides.push(stride);
    at = items;
  }
  return { strides, leaf: at };
}

/** The dimensions themselves if they fit, else those of the schema for as many cells. */
function fitting(dimensions: readonly number[], wanted: readonly number[]): readonly number[] | null {
  const fits =
    dimensions.length === wanted.length &&
    wanted.every((length, axis) => length === -1 || length === dimensions[axis]);
  if (fits) return dimensions;
  const isFlat = dimensions.length === 1 && wanted.length > 1 && !wanted.includes(-1);
  return isFlat && product(wanted) === dimensions[0] ? wanted : null;
}

/** The dimensions of a cell as the extension for tensors says them; null for other columns. */
function tensorShape(column: ArrowColumn): readonly number[] | null {
  if (extensionOf(column) !== 'arrow.fixed_shape_tensor') return null;
  const { shape, permutation } = tensorMetadata(column);
  if (permutation?.some((axis, index) => axis !== index) === true)
    throw brokenArrow(`the axes of the Arrow column \`${column.name}\` are permuted, which is not read`);
  const { type } = column;
  return shape !== undefined && type.typeId === 16 && product(shape) === type.stride ? shape : null;
}

interface TensorMetadata {
  readonly shape?: readonly number[];
  readonly permutation?: readonly number[];
}

function tensorMetadata({ metadata }: ArrowColumn): TensorMetadata {
  const said: unknown = JSON.parse(metadata.get('ARROW:extension:metadata') ?? '{}');
  const { shape, permutation } = (typeof said === 'object' ? said : null) as Record<string, unknown>;
  return {
    ...(isNumbers(shape) && { shape }),
    ...(isNumbers(permutation) && { permutation }),
  };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function product(dimensions: readonly number[]): number {
  return dimensions.reduce((size, dimension) => size * dimension, 1);
}

function nest(cell: unknown, [length = 0, ...inner]: readonly number[]): unknown {
  if (!Array.isArray(cell) || inner.length === 0) return cell;
  const size = product(inner);
  return Array.from({ length }, (_, index) => nest(cell.slice(index * size, (index + 1) * size), inner));
}

/** Columns side by side, row after row. */
function interleave(dtype: TensorDtype, columns: readonly ArrowColumn[], rows: number): Vector | null {
  const matrix = emptyVector(dtype, rows * columns.length);
  if (!isNumeric(matrix)) return null;
  // One dtype on both sides, which a union of arrays cannot say.
  const data = matrix.data as unknown as Record<number, unknown>;
  for (const [index, { batches }] of columns.entries()) {
    let row = 0;
    for (const batch of batches) {
      const vector = nullsOf(batch) === null ? readVector(dtype, batch) : null;
      if (vector === null) return null;
      for (const cell of vector.data) data[row++ * columns.length + index] = cell;
    }
  }
  return matrix;
}
