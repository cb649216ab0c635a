import { stat } from 'node:fs/promises';
import { systemClock } from '../../util/clock.ts';
import { allocate } from './cells.ts';
import type { GraphInput, RunAnswer, WireTensor } from './messages.ts';
import { type ModelFile, readModelFile } from './model-file.ts';

/** A session larger than this takes too long to open on the event loop, and is hardly ever quick. */
const mostBytes = 1_000_000;
/** Most rows of the runs that are timed: the default of `--max-batch-rows`. */
const mostRows = 64;
const timedRuns = 5;
/** A graph that has held the event loop up for so long is not quick, whatever its next run would say. */
const patienceMs = 20;
/** In the rows of all its inputs, that is. */
const mostCells = 100_000;
/** A run that holds the event loop up no longer than reading a large body does. A hand-over to a thread costs half. */
const quickMs = 0.2;

/**
 * Operators whose work depends on the shapes of what they are given, never on the values: a graph of these takes as
 * long for any row as for the one that was timed. (`Range` or `Loop` can be asked for anything.)
 */
const steadyOperators: ReadonlySet<string> = new Set(
  [
    'TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor LinearClassifier LinearRegressor SVMClassifier',
    'SVMRegressor Scaler Normalizer Imputer Binarizer LabelEncoder FeatureVectorizer ArrayFeatureExtractor',
    'Identity Cast Constant Shape Reshape Flatten Transpose Squeeze Unsqueeze Concat Gather Slice ArgMax ArgMin',
    'MatMul Gemm Add Sub Mul Div Neg Abs Sign Sqrt Pow Exp Log Round Floor Ceil Erf Max Min Sum Mean Clip Where',
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd Equal Greater GreaterOrEqual Less LessOrEqual And Or Not',
    'IsNaN Sigmoid Softmax LogSoftmax Tanh Relu LeakyRelu Elu Selu Softplus BatchNormalization LayerNormalization',
    'Dropout',
  ].flatMap((line) => line.split(' ')),
);

/**
 * The model where its runs may be so quick that they need not leave the event loop, which is then tried
 * (`quickRows`); null where it is too large, or its work may depend on the values it is given. Rejects as reading does.
 */
export async function quickCandidate(path: string): Promise<ModelFile | null> {
  if ((await stat(path)).size > mostBytes) return null;
  const file = await readModelFile(path);
  return mayBeQuick(file) ? file : null;
}

export function mayBeQuick({ bytes, operators }: Pick<ModelFile, 'bytes' | 'operators'>): boolean {
  return bytes <= mostBytes && operators.every((operator) => steadyOperators.has(operator));
}

/** Up to how many rows a run is so quick that handing it over would cost more; zero where that is not known for any input. */
export function quickRows(
  inputs: readonly GraphInput[],
  run: (feeds: readonly WireTensor[]) => RunAnswer,
): number {
  const cells = inputs.map(cellsOfRow);
  let rows = Math.min(mostRows, ...cells.map((count) => Math.floor(mostCells / count)));
  while (rows >= 1) {
    const feeds = inputs.map((input) => blank(input, rows));
    const ms = fastest(() => run(feeds));
    if (ms <= quickMs) return rows;
    // As many as would do if rows were all that takes time, and no more than half, so that this ends soon.
    rows = Math.floor(rows * Math.min(0.5, quickMs / ms));
  }
  return 0;
}

/** Infinite where the shape does not say what one row is, or what is in it. */
function cellsOfRow({ type, shape: [first, ...sizes] }: GraphInput): number {
  if (type === 'string' || typeof first !== 'string') return Number.POSITIVE_INFINITY;
  return sizes.reduce<number>(
    (product, size) => product * (typeof size === 'number' ? size : Number.POSITIVE_INFINITY),
    1,
  );
}

/** Rows of zeros. */
function blank({ name, type, shape }: GraphInput, rows: number): WireTensor {
  const sizes = shape.slice(1).filter((size) => typeof size === 'number');
  const dims = [rows, ...sizes];
  return {
    name,
    type,
    dims,
    data: allocate(
      type,
      dims.reduce((product, size) => product * size, 1),
    ),
  };
}

/** The first runs are slower than all that follow, and a busy machine only ever adds. Infinite where a run fails. */
function fastest(run: () => RunAnswer): number {
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  for (let index = 0; index < timedRuns && spent < patienceMs; index++) {
    const began = systemClock.monotonicMs();
    if (run().kind === 'failed') return Number.POSITIVE_INFINITY;
    const ms = systemClock.monotonicMs() - began;
    best = Math.min(best, ms);
    spent += ms;
  }
  return best;
}
