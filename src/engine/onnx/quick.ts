import type { InferenceSession } from 'onnxruntime-node';
import { systemClock } from '../../util/clock.ts';
import { allocate } from './cells.ts';
import type { GraphInput, WireTensor } from './messages.ts';

/** A session larger than this takes too long to open on the event loop, and is hardly ever quick. */
const mostBytes = 1_000_000;
/** Rows of the runs that are timed: the default of `--max-batch-rows`. */
const rows = 64;
const timedRuns = 5;
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

export interface Candidate {
  readonly inputs: readonly GraphInput[];
  readonly operators: readonly string[];
  readonly bytes: number;
}

/**
 * Up to how many rows a run is so quick that it need not leave the event loop: handing it over would cost more. Zero
 * where that is not known for any input.
 */
export async function quickRows(
  candidate: Candidate,
  run: (feeds: readonly WireTensor[]) => Promise<InferenceSession.ReturnType>,
): Promise<number> {
  if (candidate.bytes > mostBytes) return 0;
  if (!candidate.operators.every((operator) => steadyOperators.has(operator))) return 0;
  const feeds = candidate.inputs.map(blank);
  const known = feeds.filter((feed) => feed !== null);
  if (known.length < feeds.length) return 0;
  try {
    return (await fastest(() => run(known))) <= quickMs ? rows : 0;
  } catch {
    return 0;
  }
}

/** Rows of zeros; null where the shape does not say what one row is. */
function blank({ name, type, shape }: GraphInput): WireTensor | null {
  const [first, ...cells] = shape;
  if (type === 'string' || typeof first !== 'string') return null;
  const sizes = cells.filter((size) => typeof size === 'number');
  if (sizes.length < cells.length) return null;
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

/** The first runs are slower than all that follow, and a busy machine only ever adds. */
async function fastest(run: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let index = 0; index < timedRuns; index++) {
    const began = systemClock.monotonicMs();
    await run();
    best = Math.min(best, systemClock.monotonicMs() - began);
  }
  return best;
}
