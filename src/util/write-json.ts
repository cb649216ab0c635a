import { jsonInteger, jsonLargeDouble } from './exact-json.ts';

/**
 * JSON.stringify, except that parseExactJson reads back each number as what it was: a bigint is written as the
 * integer it is, a double beyond 2^53 with an exponent.
 */
export function writeJson(value: unknown, space?: number): string {
  return JSON.stringify(value, (_key, cell: unknown) => exactly(cell), space);
}

function exactly(cell: unknown): unknown {
  if (typeof cell === 'bigint') return jsonInteger(cell);
  return Number.isInteger(cell) && !Number.isSafeInteger(cell) ? jsonLargeDouble(Number(cell)) : cell;
}
