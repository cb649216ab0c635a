import type { Signature } from '../../contract/signature.ts';
import { Decimal, exactNumber, isDigit, needsExactNumbers } from '../../util/decimal.ts';
import { type JsonDialect, JsonReadError, readJson } from '../../util/json-reader.ts';
import { hasIntegers } from '../json-body.ts';
import { malformed } from './fail.ts';

/**
 * What Python's `json.loads` makes of a body: UTF-8, 16 or 32, with or without a byte order mark, the tokens NaN and
 * Infinity, exact integers, the last of equal keys. Where MLflow tells an int from a float, a float of an integral
 * value comes as Decimal.
 */
export function parsePythonBody(body: Uint8Array, signature: Signature | null): unknown {
  const text = decodeText(body);
  const marksFloats = tellsFloats(signature) || unwrappedName.test(text);
  const isPlain =
    !marksFloats && !(hasIntegers(signature) && needsExactNumbers(text)) && !hasHugeInteger(text);
  try {
    return parse(text, isPlain, { number: marksFloats ? markedNumber : pythonNumber, nonFinite: true });
  } catch (thrown) {
    throw malformed(`not JSON${thrown instanceof JsonReadError ? `: ${thrown.message}` : ''}`);
  }
}

function parse(text: string, isPlain: boolean, dialect: JsonDialect): unknown {
  if (!isPlain) return readJson(text, dialect);
  try {
    return JSON.parse(text);
  } catch {
    // It has Python's NaN or Infinity, or is broken: then this says where.
    return readJson(text, dialect);
  }
}

const unwrappedName = /"(?:messages|prompt|input)"/;
/** An integer with so many digits is larger than the largest double: only Python holds it. */
const hugeDigits = 309;

/** Not by a pattern, which would begin anew at each digit: of a table of long decimals that was most of the reading. */
function hasHugeInteger(text: string): boolean {
  // One of the digits at such places is among so many in a row.
  for (let place = hugeDigits - 1; place < text.length; place += hugeDigits) {
    let [from, to] = [place, place];
    while (isDigit(text, from - 1)) from--;
    while (isDigit(text, to)) to++;
    if (to - from >= hugeDigits) return true;
  }
  return false;
}

const marking = new WeakMap<Signature, boolean>();

/** An untyped model gets ints and floats as they were written; params, elements and properties are checked by it. */
function tellsFloats(signature: Signature | null): boolean {
  if (signature === null) return true;
  const known = marking.get(signature) ?? findFloats(signature);
  marking.set(signature, known);
  return known;
}

function findFloats({ inputs, fromTypeHint, params }: Signature): boolean {
  if (inputs === null || fromTypeHint || params.length > 0) return true;
  return (
    inputs.kind === 'columns' &&
    inputs.columns.some(({ type }) => ['array', 'object', 'map'].includes(type.kind))
  );
}

/** An integer beyond the doubles is no infinity to Python, though `1e400` is. */
function pythonNumber(text: string): unknown {
  const value = exactNumber(text);
  return value === Infinity || value === -Infinity ? (/[.eE]/.test(text) ? value : new Decimal(text)) : value;
}

function markedNumber(text: string): unknown {
  const value = pythonNumber(text);
  return typeof value === 'number' && Number.isInteger(value) && /[.eE]/.test(text)
    ? new Decimal(text)
    : value;
}

// To make one costs as much as to read a small body with it.
const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true }),
  'utf-16be': new TextDecoder('utf-16be', { fatal: true }),
};

/** RFC 4627, section 3: the first two characters of a JSON text are ASCII, so zeros tell the encoding. */
function decodeText(body: Uint8Array): string {
  const encoding = encodingOf(body);
  try {
    return encoding === 'utf-32le' || encoding === 'utf-32be'
      ? decodeUtf32(body, encoding === 'utf-32le')
      : decoders[encoding].decode(body);
  } catch {
    throw malformed(`it is not ${encoding.toUpperCase()}`);
  }
}

function encodingOf(body: Uint8Array): keyof typeof decoders | 'utf-32le' | 'utf-32be' {
  const a = body[0];
  const b = body[1];
  if (a !== 0 && b !== 0 && a !== 0xff && a !== 0xfe) return 'utf-8';
  const c = body[2];
  const d = body[3];
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0) return b === 0 ? 'utf-32be' : 'utf-16be';
  if (b === 0) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le';
  return 'utf-8';
}

function decodeUtf32(body: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let text = '';
  for (let at = 0; at < body.byteLength; at += 4)
    text += String.fromCodePoint(view.getUint32(at, littleEndian));
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
