import type { ColumnSpec, DataType, ParamSpec, Schema, Signature } from './signature.ts';

/**
 * A signature in MLflow's own JSON grammar (MLFLOW.md section 2), each part parsed rather than as text;
 * `parseSignature` reads it back to the same signature.
 */
export function writeSignature(signature: Signature): Readonly<Record<string, unknown>> {
  return {
    inputs: signature.inputs === null ? null : writeSchema(signature.inputs),
    outputs: signature.outputs === null ? null : writeSchema(signature.outputs),
    params: signature.params.length === 0 ? null : signature.params.map(writeParam),
    ...(signature.fromTypeHint ? { is_signature_from_type_hint: true } : {}),
  };
}

function writeSchema(schema: Schema): readonly Readonly<Record<string, unknown>>[] {
  if (schema.kind === 'columns') return schema.columns.map(writeColumn);
  return schema.tensors.map((tensor) => ({
    ...(tensor.name === null ? {} : { name: tensor.name }),
    type: 'tensor',
    'tensor-spec': { dtype: tensor.dtype, shape: tensor.shape },
  }));
}

function writeColumn(column: ColumnSpec): Readonly<Record<string, unknown>> {
  return {
    ...writeType(column.type),
    ...(column.name === null ? {} : { name: column.name }),
    required: column.required,
  };
}

function writeType(type: DataType): Readonly<Record<string, unknown>> {
  switch (type.kind) {
    case 'array':
      return { type: 'array', items: writeType(type.items) };
    case 'map':
      return { type: 'map', values: writeType(type.values) };
    case 'object':
      return {
        type: 'object',
        properties: Object.fromEntries(
          type.properties.map((property) => [
            property.name,
            { ...writeType(property.type), required: property.required },
          ]),
        ),
      };
    default:
      return { type: type.kind };
  }
}

function writeParam(param: ParamSpec): Readonly<Record<string, unknown>> {
  return {
    ...writeType(param.type),
    name: param.name,
    default: param.default,
    shape: param.array ? [-1] : null,
  };
}
