import type { Payload, Tensor, Tensors } from '../payload/payload.ts';
import { widenVector } from './cast.ts';
import type { TensorSchema, TensorSpec } from './signature.ts';

/** Tensors of the contract as tensors of the version; null where they are the same. */
export function planTensors(
  contract: TensorSchema,
  version: TensorSchema,
): ((input: Payload) => Payload) | null {
  const unchanged =
    contract.tensors.length === version.tensors.length &&
    contract.tensors.every((tensor, position) => {
      const theirs = version.tensors[position];
      return theirs?.name === tensor.name && theirs.dtype === tensor.dtype;
    });
  return unchanged ? null : (input) => (input.kind === 'tensors' ? arrange(input, version.tensors) : input);
}

function arrange(input: Tensors, specs: readonly TensorSpec[]): Tensors {
  const named = new Map(input.tensors.map((tensor) => [tensor.name, tensor]));
  const tensors = specs.flatMap((spec) => {
    const tensor = named.get(spec.name);
    return tensor === undefined ? [] : [widenTensor(tensor, spec)];
  });
  return { ...input, tensors };
}

function widenTensor(tensor: Tensor, spec: TensorSpec): Tensor {
  const vector = widenVector(tensor.vector, spec.dtype);
  return vector === tensor.vector ? tensor : { ...tensor, vector };
}
