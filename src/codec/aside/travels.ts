import type { Signature } from '../../contract/signature.ts';
import type { Nested, Payload, Vector } from '../../payload/payload.ts';
import type { DecodedRequest } from '../codec.ts';

/** Kinds and dtypes of cells that are objects; bytes are, and may lie in memory that they share with others. */
const unfit: readonly string[] = ['array', 'object', 'map', 'any', 'binary', 'bytes'];

/**
 * Whether requests under it may become cells that a message between threads keeps as they are: it makes other objects of
 * nested values, whose prototypes and classes mean something here. Where nothing is said of inputs, MLflow's protocol
 * makes tables and arrays, which are mostly of numbers and text.
 */
export function mayTravel(signature: Signature | null, protocol: 'serve' | 'mlflow'): boolean {
  const { inputs = null, fromTypeHint = false } = signature ?? {};
  if (inputs === null) return protocol === 'mlflow';
  if (fromTypeHint) return false;
  if (inputs.kind === 'tensors') return inputs.tensors.every(({ dtype }) => !unfit.includes(dtype));
  return inputs.columns.every(({ type: { kind } }) => !unfit.includes(kind));
}

/** Whether a message between threads keeps it as it is. */
export function travels({ parts, params }: DecodedRequest): boolean {
  return parts.every(({ input }) => payloadTravels(input)) && [...params.values()].every(isPlain);
}

function payloadTravels(payload: Payload): boolean {
  switch (payload.kind) {
    case 'table':
      return (
        payload.columns.every(({ vector }) => isOfCells(vector)) && (payload.labels ?? []).every(isPlain)
      );
    case 'tensors':
      return payload.tensors.every(({ vector }) => isOfCells(vector));
    case 'value':
      return false;
  }
}

const isOfCells = ({ dtype }: Vector): boolean => !unfit.includes(dtype);

const isPlain = (value: Nested): boolean => typeof value !== 'object' || value === null;

/** The memory of its cells, to be handed over instead of copied. */
export function memoryOf({ parts }: DecodedRequest): ArrayBuffer[] {
  const cells = parts.flatMap(({ input }) => {
    if (input.kind === 'table') return input.columns.flatMap(({ vector, nulls }) => [vector.data, nulls]);
    return input.kind === 'tensors' ? input.tensors.map(({ vector }) => vector.data) : [];
  });
  const buffers = cells.flatMap((data) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
  return [...new Set(buffers)];
}
