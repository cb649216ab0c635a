import { formatDatetime } from '../payload/datetime.ts';
import { Timestamp, type Nested } from '../payload/payload.ts';
import { jsonInteger } from '../util/exact-json.ts';
import { isList, isObject } from './nested.ts';

/**
 * A nested value as the JSON value that a caller of `/serve` would send for it, for schemas and examples. Write it
 * with JSON.stringify: an integer beyond 2^53 is a JSON.rawJSON object.
 */
export function requestJson(value: Nested): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : jsonInteger(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return formatDatetime(value.nanoseconds);
  if (isList(value)) return value.map(requestJson);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, requestJson(inner)]));
  }
  return value;
}
