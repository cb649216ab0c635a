import { isUtf8 } from 'node:buffer';
import type { DataType, Signature } from '../contract/signature.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { exactNumber, needsExactNumbers } from '../util/decimal.ts';
import { type JsonDialect, JsonReadError, readJson } from '../util/json-reader.ts';

/** Standard JSON, its integers exact. */
const standard: JsonDialect = { number: exactNumber, nonFinite: false };

/** The text of a body in UTF-8 (a byte order mark is skipped). Errors: INVALID_BODY. */
export function utf8Text(body: Uint8Array): string {
  if (!isUtf8(body)) throw countersignError('INVALID_BODY', 'it is not UTF-8');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * The JSON value of a text. Where `exact` is set and the text holds a number that JSON.parse might round to
 * another integer, integers beyond 2^53 come as bigint and doubtful ones as Decimal. Equal keys: the last one
 * wins, as in JSON.parse; to find them would cost more than all the rest of the reading. Errors: INVALID_BODY.
 */
export function parseJsonText(text: string, exact: boolean): unknown {
  try {
    return exact && needsExactNumbers(text) ? readJson(text, standard) : (JSON.parse(text) as unknown);
  } catch (thrown) {
    throw countersignError('INVALID_BODY', text.trim() === '' ? 'it is empty' : whereBroken(text, thrown));
  }
}

/** JSON.parse does not always say where, and quotes what came; the second reading only runs on broken texts. */
function whereBroken(text: string, thrown: unknown): string {
  if (thrown instanceof JsonReadError) return `not JSON: ${thrown.message}`;
  try {
    readJson(text, standard);
    return 'not JSON';
  } catch (error) {
    return error instanceof JsonReadError ? `not JSON: ${error.message}` : 'not JSON';
  }
}

const exactness = new WeakMap<Signature, boolean>();

/** Whether a body of this signature can hold integers that a double would change. */
export function hasIntegers(signature: Signature | null): boolean {
  if (signature === null) return true;
  const known = exactness.get(signature) ?? findIntegers(signature);
  exactness.set(signature, known);
  return known;
}

function findIntegers({ inputs, params }: Signature): boolean {
  if (params.some((param) => holdsIntegers(param.type))) return true;
  if (inputs === null) return true;
  return inputs.kind === 'columns'
    ? inputs.columns.some((column) => holdsIntegers(column.type))
    : inputs.tensors.some((tensor) => /int|object/.test(tensor.dtype));
}

function holdsIntegers(type: DataType): boolean {
  switch (type.kind) {
    case 'integer':
    case 'long':
    case 'any':
      return true;
    case 'array':
      return holdsIntegers(type.items);
    case 'map':
      return holdsIntegers(type.values);
    case 'object':
      return type.properties.some((property) => holdsIntegers(property.type));
    default:
      return false;
  }
}
