import type { Schema } from '../../contract/signature.ts';
import type { Nested, Payload, Table, Tensor, Vector } from '../../payload/payload.ts';
import type { GraphFacts, WireTensor } from './messages.ts';

/**
 * The payload of a graph's outputs. Tensors in, named tensors out, as MLflow's wrapper answers. Of a table MLflow
 * makes a table, one column per output, each flattened; where an output has not one value per row (class
 * probabilities) that fails, and where the signature says tensors it loses their shape: then tensors it is here,
 * for the signature to shape.
 */
export function answerOf(
  outputs: readonly WireTensor[],
  graph: GraphFacts,
  input: Payload,
  schema: Schema | null,
): Payload {
  const tensors = outputs.map((output) => readTensor(output, graph.labels[output.name], schema));
  if (input.kind !== 'table' || schema?.kind === 'tensors') return { kind: 'tensors', tensors };
  return asTable(tensors, input.rows) ?? { kind: 'tensors', tensors };
}

function asTable(tensors: readonly Tensor[], rows: number): Table | null {
  if (tensors.some(({ vector }) => vector.data.length !== rows)) return null;
  const columns = tensors.map(({ name, vector }) => ({ name, vector, nulls: null }));
  return { kind: 'table', rows, columns };
}

function readTensor(
  output: WireTensor,
  labels: readonly string[] | undefined,
  schema: Schema | null,
): Tensor {
  const { name, dims } = output;
  const vector = vectorOf(output);
  return labels !== undefined && vector.dtype === 'float32' && wantsMaps(name, schema)
    ? { name, shape: dims.slice(0, 1), vector: mapsOf(vector.data, labels) }
    : { name, shape: [...dims], vector };
}

/** A ZipMap's output is rows of `{label: probability}` again where the signature does not ask for the matrix. */
function wantsMaps(name: string, schema: Schema | null): boolean {
  if (schema === null) return true;
  if (schema.kind === 'tensors') return false;
  const kind = schema.columns.find((column) => column.name === name)?.type.kind;
  return kind === 'map' || kind === 'object' || kind === 'any';
}

function mapsOf(data: Float32Array, labels: readonly string[]): Vector {
  const rows = labels.length === 0 ? 0 : data.length / labels.length;
  const maps = Array.from({ length: rows }, (_, row) => {
    const map = Object.create(null) as Record<string, Nested>;
    labels.forEach((label, index) => (map[label] = data[row * labels.length + index] ?? null));
    return map;
  });
  return { dtype: 'object', data: maps };
}

function vectorOf({ type, data }: WireTensor): Vector {
  if (type === 'string') return { dtype: 'str', data: data as readonly string[] };
  if (type !== 'float16') return { dtype: type, data } as Vector;
  const bits = data as Uint16Array;
  return { dtype: 'float16', data: new Float16Array(bits.buffer, bits.byteOffset, bits.length) };
}
