import { describeTensor, describeType } from './describe-type.ts';
import type { Schema, Signature } from './signature.ts';

/** A signature on one line: `prompt: string -> translation_text: string`, with its params in braces. */
export function describeSignature(signature: Signature | null): string {
  if (signature === null) return 'no signature';
  const params = signature.params.map(({ name }) => name);
  const braces = params.length === 0 ? '' : ` {${params.join(', ')}}`;
  return `${describeSchema(signature.inputs)}${braces} -> ${describeSchema(signature.outputs)}`;
}

function describeSchema(schema: Schema | null): string {
  if (schema === null) return 'anything';
  const parts =
    schema.kind === 'columns'
      ? schema.columns.map((column) => ({ ...column, what: describeType(column.type) }))
      : schema.tensors.map((tensor) => ({ ...tensor, required: true, what: describeTensor(tensor) }));
  return parts
    .map(({ name, required, what }) => (name === null ? what : `${name}${required ? '' : '?'}: ${what}`))
    .join(', ');
}
