/** `JSON.rawJSON` (Node 21 and later), which the bundled lib files do not know yet. */
const rawJson = (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON;

/** JSON.stringify, except that a bigint is written as the integer it is: the counterpart of parseExactJson. */
export function writeJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_key, cell: unknown) => (typeof cell === 'bigint' ? rawJson(String(cell)) : cell),
    space,
  );
}
