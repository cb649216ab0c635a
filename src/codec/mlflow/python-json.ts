import { type Signature } from '../../contract/signature.ts';
import { Decimal, exactNumber, needsExactNumbers } from '../../util/decimal.ts';
import { JsonReadError, readJson } from '../../util/json-reader.ts';
import { hasIntegers } from '../json-body.ts';
import { malformed } from './fail.ts';

/**
 * What Python's `json.loads` makes of a body: UTF-8, 16 or 32, with or without a byte order mark, the tokens NaN and
 * Infinity, exact integers, the last of equal keys. Where nothing else tells an int from a float (an untyped model,
 * params), a float of an integral value comes as Decimal.
 */
export function parsePythonBody(body: Uint8Array, signature: Signature | null): unknown {
  const text = decodeText(body);
  const marksFloats = (signature?.inputs ?? null) === null || signature?.params.length !== 0;
  try {
    if (!marksFloats && !(hasIntegers(signature) && needsExactNumbers(text)) && !/NaN|Infinity/.test(text)) {
      return JSON.parse(text);
    }
    return readJson(text, { number: marksFloats ? markedNumber : exactNumber, nonFinite: true });
  } catch (thrown) {
    throw malformed(`not JSON${thrown instanceof JsonReadError ? `: ${thrown.message}` : ''}`);
  }
}

function markedNumber(text: string): unknown {
  const value = exactNumber(text);
  return typeof value === 'number' && Number.isInteger(value) && /[.eE]/.test(text)
    ? new Decimal(text)
    : value;
}

/** RFC 4627, section 3: the first two characters of a JSON text are ASCII, so zeros tell the encoding. */
function decodeText(body: Uint8Array): string {
  const encoding = encodingOf(body);
  try {
    return encoding.startsWith('utf-32')
      ? decodeUtf32(body, encoding === 'utf-32le')
      : new TextDecoder(encoding, { fatal: true }).decode(body);
  } catch {
    throw malformed(`it is not ${encoding.toUpperCase()}`);
  }
}

function encodingOf([a, b, c, d]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be' {
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
