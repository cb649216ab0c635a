import type { Payload, Tensor, Tensors } from '../payload/payload.ts';
import { answerTensors } from './answer-tensors.ts';
import type { ShapedCells } from './answer.ts';
import { conformCells } from './conform-cells.ts';
import { describeShape, describeTensor } from './describe-type.ts';
import { shapeIncluded } from './inclusion.ts';
import { Misfit, wrongRows } from './misfit.ts';
import type { TensorSchema, TensorSpec } from './signature.ts';

/** The answer as exactly the schema's tensors. */
export function conformTensors(answer: Payload, schema: TensorSchema, rows: number | null): Tensors | Misfit {
  const found = answerTensors(answer, schema);
  const tensors: Tensor[] = [];
  for (const spec of schema.tensors) {
    const cells = found(spec) ?? new Misfit(describeTensor(spec), 'nothing');
    const tensor = cells instanceof Misfit ? cells : conformTensor(spec, cells, rows);
    if (tensor instanceof Misfit) return spec.name === null ? tensor : tensor.of(`tensor \`${spec.name}\``);
    tensors.push(tensor);
  }
  return checkRows(schema, tensors, rows) ?? { kind: 'tensors', tensors };
}

function conformTensor(spec: TensorSpec, cells: ShapedCells, rows: number | null): Tensor | Misfit {
  const shape = fittingShape(spec.shape, cells.shape, rows);
  if (shape === null) return new Misfit(describeTensor(spec), `shape ${describeShape(cells.shape)}`);
  const wanted = { dtype: spec.dtype, words: spec.dtype, nullable: spec.dtype === 'object' };
  const conformed = conformCells(wanted, cells);
  if (conformed instanceof Misfit) return inRowOf(conformed, shape);
  return { name: spec.name, shape, vector: conformed.vector };
}

/**
 * The shape itself if it fits, else one with the same cells in the same order: a vector for a matrix of one
 * column and the reverse, and one row without its first dimension.
 */
function fittingShape(
  wanted: readonly number[],
  got: readonly number[],
  rows: number | null,
): readonly number[] | null {
  const candidates = [got, [...got, 1]];
  if (got.length > 1 && got.at(-1) === 1) candidates.push(got.slice(0, -1));
  if (rows === 1) candidates.push([1, ...got]);
  return candidates.find((shape) => shapeIncluded(shape, wanted)) ?? null;
}

/** The place of a cell as the row it is in. */
function inRowOf(misfit: Misfit, shape: readonly number[]): Misfit {
  const size = shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  return misfit.at.row === null ? misfit : misfit.inRow(Math.floor(misfit.at.row / size));
}

/** Tensors have rows where all of them leave the first dimension free; else they are one output. */
function checkRows(schema: TensorSchema, tensors: readonly Tensor[], rows: number | null): Misfit | null {
  const byRow = schema.tensors.every((spec) => spec.shape[0] === -1);
  const counts = byRow ? tensors.map((tensor) => tensor.shape[0] ?? 1) : [1];
  const wanted = rows ?? counts[0] ?? 1;
  const wrong = counts.find((count) => count !== wanted);
  return wrong === undefined ? null : wrongRows(wanted, wrong);
}
