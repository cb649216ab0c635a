import { isScalarName, parseType, required } from './parse-type.ts';
import { allNamed, optionalName, type JsonRecord } from './reading.ts';
import type { ColumnSchema, ColumnSpec } from './signature.ts';

export function parseColumnSchema(specs: readonly JsonRecord[], path: string): ColumnSchema {
  const columns = specs.map((spec, index) => parseColumn(spec, `${path}/${String(index)}`));
  const named = allNamed(
    columns.map((column) => column.name),
    path,
  );
  // MLflow cannot declare an optional unnamed column; where a file says so by leaving it out, it is required.
  return {
    kind: 'columns',
    named,
    columns: named ? columns : columns.map((column) => ({ ...column, required: true })),
  };
}

function parseColumn(spec: JsonRecord, path: string): ColumnSpec {
  const type = parseType(spec, path);
  // sparkml_vector reads as an array; whether `required` may be left out goes by the word in the file.
  const scalar = isScalarName(String(spec.get('type')));
  return { name: optionalName(spec, path), type, required: required(spec, scalar) };
}
