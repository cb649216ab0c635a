import { takeCells } from '../payload/vectors.ts';
import type { Nested, Tensor, Vector } from '../payload/payload.ts';
import type { AnswerColumns } from './answer.ts';
import { nullableReader, type Cells } from './conform-cells.ts';
import { describeShape } from './describe-type.ts';
import { Misfit } from './misfit.ts';
import type { ColumnSchema, DataType } from './signature.ts';

/** An array as columns: one cell a row for a single column, or the columns of a matrix by position. */
export function tensorColumns(tensor: Tensor, schema: ColumnSchema): AnswerColumns | Misfit {
  const { shape, vector } = tensor;
  const rows = shape[0] ?? 1;
  const [sole] = schema.columns;
  const width = shape[1] ?? 1;
  if (sole !== undefined && schema.columns.length === 1) {
    const cells = soleCells(tensor, sole.type);
    return { rows, column: () => cells };
  }
  if (schema.named || shape.length !== 2 || width < schema.columns.length) {
    return new Misfit(`${String(schema.columns.length)} columns`, `array of shape ${describeShape(shape)}`);
  }
  return {
    rows,
    column: (_spec, position) => ({ vector: strided(vector, position, width, rows), nulls: null }),
  };
}

const holdsLists: ReadonlySet<DataType['kind']> = new Set(['array', 'any']);

function soleCells({ shape, vector }: Tensor, type: DataType): Cells | Misfit {
  const scalars = shape.slice(1).every((dimension) => dimension === 1);
  if (shape.length <= 1 || (scalars && !holdsLists.has(type.kind))) return { vector, nulls: null };
  if (!holdsLists.has(type.kind)) return new Misfit(type.kind, `array of shape ${describeShape(shape)}`);
  const rows = nest(nullableReader({ vector, nulls: null }), shape, 0);
  return { vector: { dtype: 'object', data: rows }, nulls: null };
}

function strided(vector: Vector, position: number, width: number, rows: number): Vector {
  return takeCells(
    vector,
    Array.from({ length: rows }, (_, row) => row * width + position),
  );
}

/** The cells of an array as nested lists, from `offset` on. */
function nest(read: (index: number) => Nested, shape: readonly number[], offset: number): readonly Nested[] {
  const [length = 0, ...inner] = shape;
  const size = inner.reduce((product, dimension) => product * dimension, 1);
  return Array.from({ length }, (_, index) =>
    inner.length === 0 ? read(offset + index) : nest(read, inner, offset + index * size),
  );
}
