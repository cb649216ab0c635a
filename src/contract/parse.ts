import { countersignError } from '../errors/countersign-error.ts';
import { integerOrNumber } from '../util/exact-json.ts';
import { readJson, type JsonDialect } from '../util/json-reader.ts';
import { parseColumnSchema } from './parse-columns.ts';
import { parseParams } from './parse-params.ts';
import { parseTensorSchema } from './parse-tensors.ts';
import { fail, list, record, type JsonRecord } from './reading.ts';
import type { Schema, Signature } from './signature.ts';

/**
 * Reads what stands under `signature` of an MLmodel file: `{inputs, outputs, params}`, each a JSON text inside
 * the YAML or JSON already parsed. Null when there is no signature or none of its parts.
 * Errors: INVALID_SIGNATURE with the path of what is wrong.
 *
 * @param fromTypeHint `is_signature_from_type_hint`, which stands beside the signature in the file.
 */
export function parseSignature(signature: unknown, fromTypeHint: boolean): Signature | null {
  if (signature === null || signature === undefined) return null;
  const parts = record(signature, '');
  const inputs = parseSchema(readPart(parts, 'inputs'), '/inputs');
  const outputs = parseSchema(readPart(parts, 'outputs'), '/outputs');
  const params = parseParams(readPart(parts, 'params'), '/params');
  if (inputs === null && outputs === null && params.length === 0) return null;
  return { inputs, outputs, params, fromTypeHint };
}

// Python's json.dumps writes the default of a param as it is, NaN included.
const pythonJson: JsonDialect = { number: integerOrNumber, nonFinite: true };

/** One part as JSON; null when it is absent. MLflow reads an empty text as absent too. */
function readPart(parts: JsonRecord, name: string): unknown {
  const part = parts.get(name);
  if (part === undefined || part === '') return null;
  if (typeof part !== 'string') return part;
  try {
    return readJson(part, pythonJson);
  } catch (cause) {
    throw countersignError('INVALID_SIGNATURE', `/${name}`, 'text that is no JSON').with({ cause });
  }
}

function parseSchema(part: unknown, path: string): Schema | null {
  if (part === null) return null;
  const specs = list(part, path).map((spec, index) => record(spec, `${path}/${String(index)}`));
  if (specs.length === 0) fail(path, 'an empty list');
  const tensors = specs.filter((spec) => spec.get('type') === 'tensor').length;
  if (tensors === 0) return parseColumnSchema(specs, path);
  if (tensors < specs.length) fail(path, 'columns and tensors in one list');
  return parseTensorSchema(specs, path);
}
