import type { ScalarName, Schema, TensorDtype } from '../../contract/signature.ts';
import type { VersionMetadata } from '../../registry/registry.ts';
import type { Loadable } from '../engine.ts';

const columnKinds: readonly string[] = [
  'boolean',
  'integer',
  'long',
  'float',
  'double',
  'string',
] satisfies ScalarName[];
const unfeedable: readonly TensorDtype[] = ['bytes', 'datetime64'];

/** Whether a version can run without Python, from its metadata alone. */
export function canLoadOnnx(metadata: VersionMetadata): Loadable {
  const reason = reasonAgainst(metadata);
  return reason === null ? { ok: true } : { ok: false, reason };
}

function reasonAgainst({ flavors, signature }: VersionMetadata): string | null {
  const flavor = flavors['onnx'];
  if (flavor === undefined) return 'it has no onnx flavor';
  if (typeof flavor['data'] !== 'string') return 'its onnx flavor names no model file';
  const module = flavors['python_function']?.['loader_module'];
  if (module !== undefined && module !== 'mlflow.onnx') return 'another flavor loads it';
  const inputs = signature?.inputs ?? null;
  return inputs === null ? 'it has no signature that says what its inputs are' : unfeedableInput(inputs);
}

function unfeedableInput(inputs: Schema): string | null {
  if (inputs.kind === 'columns') {
    const index = inputs.columns.findIndex(({ type }) => !columnKinds.includes(type.kind));
    const bad = inputs.columns[index];
    return bad === undefined
      ? null
      : `its input ${bad.name ?? String(index)} is of type ${bad.type.kind}, which ONNX tensors do not have`;
  }
  const bad = inputs.tensors.find(({ dtype }) => unfeedable.includes(dtype));
  return bad === undefined
    ? null
    : `its input ${bad.name ?? '0'} is of type ${bad.dtype}, which ONNX does not have`;
}
