import { fileURLToPath } from 'node:url';
import type { Schema, Signature } from '../../src/contract/signature.ts';
import type { Column, Payload, Tensor, Vector } from '../../src/payload/payload.ts';
import type { Artifact, VersionMetadata } from '../../src/registry/registry.ts';
import type { EngineSpecimens } from '../suites/engine.ts';

/** The committed models of test/data/onnx, as versions of a registry. */
export const onnxArtifact: Artifact = {
  directory: fileURLToPath(new URL('../data/onnx', import.meta.url)),
};

/** Metadata of a version whose onnx flavor names that file. */
export function onnxVersion(
  name: string,
  signature: Partial<Signature>,
  flavor: Readonly<Record<string, unknown>> = {},
): VersionMetadata {
  return {
    model: name,
    version: '1',
    flavors: {
      onnx: { data: `${name}.onnx`, ...flavor },
      python_function: { loader_module: 'mlflow.onnx', data: `${name}.onnx` },
    },
    signature: { inputs: null, outputs: null, params: [], fromTypeHint: false, ...signature },
    mlflowVersion: '3.17.2',
    modelId: null,
    runId: null,
    metadata: {},
    example: null,
  };
}

export function columnsOf(types: Readonly<Record<string, 'float' | 'double' | 'long' | 'string'>>): Schema {
  const columns = Object.entries(types).map(([name, kind]) => ({ name, type: { kind }, required: true }));
  return { kind: 'columns', named: true, columns };
}

export function table(columns: Readonly<Record<string, Vector>>, nulls: Uint8Array | null = null): Payload {
  const list = Object.entries(columns).map(([name, vector]): Column => ({ name, vector, nulls }));
  return { kind: 'table', rows: list[0]?.vector.data.length ?? 0, columns: list };
}

export function tensors(...list: readonly Tensor[]): Payload {
  return { kind: 'tensors', tensors: list };
}

export const float32 = (...cells: number[]): Vector => ({ dtype: 'float32', data: Float32Array.from(cells) });
export const float64 = (...cells: number[]): Vector => ({ dtype: 'float64', data: Float64Array.from(cells) });
export const int32 = (...cells: number[]): Vector => ({ dtype: 'int32', data: Int32Array.from(cells) });
export const int64 = (...cells: number[]): Vector => ({
  dtype: 'int64',
  data: BigInt64Array.from(cells.map(BigInt)),
});
export const text = (...cells: string[]): Vector => ({ dtype: 'str', data: cells });

const pair = onnxVersion('sum-and-product', { inputs: columnsOf({ a: 'float', b: 'double' }) });
const matrix: Schema = {
  kind: 'tensors',
  named: false,
  tensors: [{ name: null, dtype: 'float32', shape: [-1, 3] }],
};
const counted = columnsOf({ n: 'long' });

/** `slow` runs for a second or two. */
export const onnxSpecimens: EngineSpecimens = {
  working: {
    metadata: pair,
    artifact: onnxArtifact,
    cases: [
      {
        input: table({ a: float32(1, 2), b: float64(3, 0.5) }),
        answer: table({ sum: float32(4, 2.5), product: float32(3, 1) }),
      },
      {
        input: table({ a: float32(7), b: float64(8) }),
        answer: table({ sum: float32(15), product: float32(56) }),
      },
    ],
  },
  other: {
    metadata: onnxVersion('affine-other', { inputs: columnsOf({ p: 'float', q: 'float', r: 'float' }) }),
    artifact: onnxArtifact,
    cases: [
      {
        input: table({ p: float32(1, 0), q: float32(0, 1), r: float32(0, 0) }),
        answer: table({ y: float32(101, 102) }),
      },
      { input: table({ p: float32(0), q: float32(0), r: float32(1) }), answer: table({ y: float32(103) }) },
    ],
  },
  tensors: {
    metadata: onnxVersion('affine', { inputs: matrix, outputs: matrix }),
    artifact: onnxArtifact,
    cases: [
      {
        input: tensors({ name: null, shape: [2, 3], vector: float32(1, 1, 1, 0, 0, 1) }),
        answer: tensors({ name: 'y', shape: [2, 1], vector: float32(6.5, 3.5) }),
      },
      {
        input: tensors({ name: null, shape: [1, 3], vector: float32(0, 0, 0) }),
        answer: tensors({ name: 'y', shape: [1, 1], vector: float32(0.5) }),
      },
    ],
  },
  slow: {
    metadata: onnxVersion('slow', { inputs: counted }),
    artifact: onnxArtifact,
    cases: [{ input: table({ n: int64(1000) }), answer: table({ n_out: int64(1000) }) }],
  },
  raising: {
    metadata: onnxVersion('lookup', { inputs: columnsOf({ index: 'long' }) }),
    artifact: onnxArtifact,
    cases: [
      { input: table({ index: int64(5) }), answer: table({}) },
      { input: table({ index: int64(2, 0) }), answer: table({ found: float32(30, 10) }) },
    ],
  },
  broken: { metadata: onnxVersion('make', { inputs: counted }, { data: 'make.py' }), artifact: onnxArtifact },
  foreign: { ...pair, flavors: { python_function: { loader_module: 'mlflow.sklearn' } } },
};
