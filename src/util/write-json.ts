import { jsonInteger } from './exact-json.ts';

/** JSON.stringify, except that a bigint is written as the integer it is: the counterpart of parseExactJson. */
export function writeJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_key, cell: unknown) => (typeof cell === 'bigint' ? jsonInteger(cell) : cell),
    space,
  );
}
