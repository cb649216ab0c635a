import { env, type InferenceSession, Tensor } from 'onnxruntime-node';
// Its own session, which the public one asks in a later turn of the event loop: for a small model, that turn and the promises
// around it take as long as the run.
import { binding, initOrt } from 'onnxruntime-node/dist/binding.js';
import type {
  Cells,
  GraphFacts,
  GraphInput,
  RunAnswer,
  SessionSettings,
  TensorType,
  WireTensor,
} from './messages.ts';
import { misfit } from './misfit.ts';
import type { ModelFile } from './model-file.ts';

type Native = InstanceType<typeof binding.InferenceSession>;
type Metadata = Native['inputMetadata'][number];

/**
 * Names of the types of tensors that MLflow signatures have too, by their numbers in ONNX.
 * @see https://onnx.ai/onnx/api/classes.html#tensorproto
 */
const tensorTypes: Readonly<Record<number, TensorType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};
/** The others, for what is said of them. */
const otherTypes: Readonly<Record<number, string>> = { 14: 'complex64', 15: 'complex128', 16: 'bfloat16' };

/** One onnxruntime session. It blocks the thread it is called on while it opens and while it runs. */
export class Session {
  readonly graph: GraphFacts;
  readonly #native: Native;
  /** All outputs, none of them into a tensor of ours. */
  readonly #wanted: Readonly<Record<string, null>>;

  /** Throws where onnxruntime cannot run the model, or we not read its values; the message is for a person. */
  constructor(file: ModelFile, settings: SessionSettings) {
    if (file.edited !== null && file.externalFiles.length > 0) {
      misfit('it has a ZipMap and keeps its weights in files of their own');
    }
    this.#native = open(file.edited ?? file.path, settings);
    const { inputMetadata, outputMetadata } = this.#native;
    const inputs = inputMetadata.map((value) => readInput('input', value));
    for (const value of outputMetadata) readInput('output', value);
    this.#wanted = Object.fromEntries(outputMetadata.map(({ name }) => [name, null]));
    const runtime = env.versions.node ?? env.versions.common;
    this.graph = { inputs, labels: file.labels, bytes: file.bytes, runtime };
  }

  run(feeds: readonly WireTensor[]): RunAnswer {
    try {
      const tensors = Object.fromEntries(feeds.map((feed) => [feed.name, tensorOf(feed)]));
      const results = this.#native.run(tensors, this.#wanted, {});
      const outputs = Object.keys(this.#wanted).flatMap((name) => wireOf(name, results[name]));
      return { kind: 'outputs', outputs };
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error) };
    }
  }

  /** Gives its memory back; it is not to be used any more. */
  end(): void {
    this.#native.dispose();
  }
}

function open(model: string | Uint8Array, settings: SessionSettings): Native {
  const options: InferenceSession.SessionOptions = {
    ...settings,
    executionProviders: ['cpu'],
    // With more, a row's answer depends on the batch it came in.
    intraOpNumThreads: 1,
    // Errors come back as exceptions; on the standard error they would only be there twice.
    logSeverityLevel: 4,
  };
  initOrt();
  const native = new binding.InferenceSession();
  if (typeof model === 'string') native.loadModel(model, options);
  else native.loadModel(model.buffer as ArrayBuffer, model.byteOffset, model.byteLength, options);
  return native;
}

function readInput(
  what: string,
  { name, isTensor, type: code, shape, symbolicDimensions }: Metadata,
): GraphInput {
  const type = tensorTypes[code];
  if (!isTensor || type === undefined) {
    const is = isTensor ? `of type ${otherTypes[code] ?? String(code)}` : 'no tensor';
    return misfit(`its ${what} '${name}' is ${is}`);
  }
  return {
    name,
    type,
    shape: shape.map((size, index) => (size < 0 ? (symbolicDimensions[index] ?? '') : size)),
  };
}

function tensorOf({ type, data, dims }: WireTensor): Tensor {
  if (type !== 'float16') return new Tensor(type as 'float32', data as Float32Array, [...dims]);
  const bits = data as Uint16Array;
  const tensor = new Tensor('float16', bits, [...dims]);
  // The constructor makes a Float16Array of them, from which the binding reads nothing (1.30).
  Object.defineProperty(tensor, 'data', { value: bits });
  return tensor;
}

function wireOf(name: string, value: Tensor | undefined): WireTensor[] {
  if (value === undefined) return [];
  const data: unknown = value.data;
  const cells =
    data instanceof Float16Array
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : (data as Cells);
  return [{ name, type: value.type as TensorType, dims: value.dims, data: cells }];
}

/** In one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
