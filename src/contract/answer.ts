import type { Cells } from './conform-cells.ts';
import type { Misfit } from './misfit.ts';
import type { ColumnSpec } from './signature.ts';

/** An answer seen as columns, whatever form it has. */
export interface AnswerColumns {
  readonly rows: number;
  /** The cells for a column of the schema; null where the answer has none. */
  column(spec: ColumnSpec, position: number): Cells | Misfit | null;
}

/** Cells in C order with their shape, as a model answered them. */
export interface ShapedCells extends Cells {
  readonly shape: readonly number[];
}
