/** What the gateway's thread and a session's thread (or process) say to each other: one question, one answer. */
import type { TensorDtype } from '../../contract/signature.ts';

/** Tensor types both MLflow signatures and onnxruntime-node have. */
export type TensorType = Exclude<TensorDtype, 'str' | 'bytes' | 'object' | 'datetime64'> | 'string';

/** float16 cells travel as their bits. */
export type Cells =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array
  | readonly string[];

export interface WireTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: Cells;
}

/** An input of the graph. Free dimensions are names; the shape is empty for a scalar and where it is unknown. */
export interface GraphInput {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

/** What a session says of its model. */
export interface GraphFacts {
  readonly inputs: readonly GraphInput[];
  /** By the name of each output that was a ZipMap's: the class labels of its second dimension. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Size of the model file and the files of weights it names. */
  readonly bytes: number;
  /** Version of onnxruntime. */
  readonly runtime: string;
}

/** The part of `onnx_session_options` that is passed on. */
export interface SessionSettings {
  readonly interOpNumThreads?: number;
  readonly executionMode?: 'sequential' | 'parallel';
  readonly graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'layout' | 'all';
  readonly extra?: Readonly<Record<string, string>>;
}

export type Question =
  | { readonly kind: 'load'; readonly path: string; readonly settings: SessionSettings }
  | { readonly kind: 'run'; readonly feeds: readonly WireTensor[] }
  | { readonly kind: 'end' };

export type Answer = LoadAnswer | RunAnswer;

export type LoadAnswer =
  | { readonly kind: 'loaded'; readonly graph: GraphFacts }
  /** The model cannot run here at all. */
  | { readonly kind: 'refused'; readonly reason: string };

export type RunAnswer =
  | { readonly kind: 'outputs'; readonly outputs: readonly WireTensor[] }
  /** This run failed; the next may not. */
  | { readonly kind: 'failed'; readonly reason: string };

/** The buffers of a message to a thread, to hand over instead of copying. Each tensor must own its buffer. */
export function buffersOf(message: Question | Answer): ArrayBuffer[] {
  const tensors = message.kind === 'run' ? message.feeds : message.kind === 'outputs' ? message.outputs : [];
  return tensors.flatMap(({ data }) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
}
