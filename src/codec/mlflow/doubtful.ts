import type { Schema } from '../../contract/signature.ts';
import type { Payload, Table, Vector } from '../../payload/payload.ts';

/**
 * Whether a request holds what MLflow lets through though the signature does not promise it to the model: no rows,
 * nothing or no finite number where there has to be one, a list where there should be a string.
 */
export function isDoubtful(input: Payload, schema: Schema | null): boolean {
  switch (input.kind) {
    case 'table':
      return input.rows === 0 || (schema?.kind === 'columns' && hasDoubtfulCell(input, schema));
    case 'tensors':
      return input.tensors.some(({ vector }) => vector.data.length === 0 || hasDoubtful(vector));
    case 'value':
      return false;
  }
}

function hasDoubtfulCell({ columns }: Table, schema: Schema & { kind: 'columns' }): boolean {
  return columns.some(({ name, vector, nulls }, index) => {
    const spec = schema.named ? schema.columns.find((column) => column.name === name) : schema.columns[index];
    if (spec === undefined) return false;
    if (spec.type.kind === 'string') return vector.data.some((cell) => Array.isArray(cell));
    return spec.required && (nulls !== null || hasDoubtful(vector));
  });
}

function hasDoubtful({ dtype, data }: Vector): boolean {
  return dtype.startsWith('float') && data.some((cell) => !Number.isFinite(cell));
}
