import type { Signature } from '../../contract/signature.ts';
import type { Column, Table } from '../../payload/payload.ts';

type Cells = Float64Array | Float32Array;

const quote = 34;
const comma = 44;
const minus = 45;
const point = 46;
const zero = 48;
const colon = 58;
const openList = 91;
const backslash = 92;
const closeList = 93;
const openObject = 123;
const closeObject = 125;

/** 10 to the power of the index, each exactly a double. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${String(exponent)}`));
/** Below it a double holds the digits as an integer, so that its division by one of the powers is rounded once: as JSON.parse does. */
const exact = 2 ** 53;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A `dataframe_split` of numbers alone, for a signature of doubles and floats, from its bytes straight into columns: a
 * third to a half of the time that JSON.parse and a copy take, most of which is for decimals. Null where a byte is other
 * than that, for the way that reads everything; what this answers is what that way would.
 */
export function readNumberGrid(body: Uint8Array, signature: Signature | null): Table | null {
  if (signature === null || signature.fromTypeHint || signature.params.length > 0) return null;
  const schema = signature.inputs;
  if (schema?.kind !== 'columns' || !schema.named) return null;
  if (!schema.columns.every(({ type: { kind } }) => kind === 'double' || kind === 'float')) return null;
  const reader = new GridReader(body);
  const names = reader.readNames();
  const places = new Map(names?.map((name, place) => [name, place]));
  if (names?.length !== places.size) return null;
  const floats = new Set(schema.columns.filter(({ type }) => type.kind === 'float').map(({ name }) => name));
  const grid = reader.readRows(names.map((name) => floats.has(name)));
  if (grid === null) return null;
  const columns: Column[] = [];
  for (const { name } of schema.columns) {
    const data = grid[places.get(name ?? '') ?? -1];
    if (data === undefined) return null;
    const vector =
      data instanceof Float32Array
        ? ({ dtype: 'float32', data } as const)
        : ({ dtype: 'float64', data } as const);
    columns.push({ name, vector, nulls: null });
  }
  return { kind: 'table', rows: columns[0]?.vector.data.length ?? 0, columns };
}

class GridReader {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** From the first byte to the list of rows. */
  readNames(): readonly string[] | null {
    if (!this.#takes(openObject) || !this.#takesName('dataframe_split') || !this.#takes(openObject))
      return null;
    if (!this.#takesName('columns')) return null;
    this.#skipSpace();
    const from = this.#at;
    if (!this.#takes(openList) || !this.#skipToEndOfNames()) return null;
    const names: unknown = parse(this.#body.subarray(from, this.#at));
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return null;
    return this.#takes(comma) && this.#takesName('data') ? names : null;
  }

  /** The rows and the rest of the body, by column. */
  readRows(isFloat: readonly boolean[]): readonly Cells[] | null {
    const width = isFloat.length;
    const rows = this.#countRows();
    // No cell has less than two bytes, its comma with it: nothing is made that the body cannot fill.
    if (rows * width === 0 || rows * width * 2 > this.#body.length || !this.#takes(openList)) return null;
    const columns = isFloat.map((float) => (float ? new Float32Array(rows) : new Float64Array(rows)));
    this.#at = fillRows(this.#body, this.#at, columns, rows);
    if (this.#at === -1 || !this.#takes(closeObject) || !this.#takes(closeObject)) return null;
    this.#skipSpace();
    return this.#at === this.#body.length ? columns : null;
  }

  /** Lists that open from here on, less the one around them. */
  #countRows(): number {
    let lists = -1;
    for (
      let at = this.#body.indexOf(openList, this.#at);
      at !== -1;
      at = this.#body.indexOf(openList, at + 1)
    )
      lists += 1;
    return Math.max(lists, 0);
  }

  /** Past the list's end; names hold no lists, and what stands in quotes is no end. */
  #skipToEndOfNames(): boolean {
    const body = this.#body;
    let isName = false;
    for (; this.#at < body.length; this.#at++) {
      const byte = body[this.#at];
      if (byte === quote) isName = !isName;
      else if (byte === backslash) this.#at++;
      else if (byte === closeList && !isName) {
        this.#at++;
        return true;
      }
    }
    return false;
  }

  #takesName(name: string): boolean {
    this.#skipSpace();
    const { length } = name;
    if (this.#body[this.#at] !== quote || this.#body[this.#at + length + 1] !== quote) return false;
    for (let index = 0; index < length; index++)
      if (this.#body[this.#at + 1 + index] !== name.charCodeAt(index)) return false;
    this.#at += length + 2;
    return this.#takes(colon);
  }

  #takes(byte: number): boolean {
    this.#skipSpace();
    if (this.#body[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (isSpace(this.#body[this.#at])) this.#at++;
  }
}

/**
 * Reads so many rows, and the end of their list, from a place in the body. Returns the place after it; -1 where there is
 * something else, or a number of many digits or with an exponent: others do not read those any faster. What lies
 * behind the body counts as byte 0, which is nothing that may stand there.
 */
function fillRows(body: Uint8Array, from: number, columns: readonly Cells[], rows: number): number {
  const width = columns.length;
  let at = from;
  for (let row = 0; row < rows; row++) {
    while (isSpace(body[at])) at++;
    if (row > 0) {
      if (body[at++] !== comma) return -1;
      while (isSpace(body[at])) at++;
    }
    if (body[at++] !== openList) return -1;
    for (let place = 0; place < width; place++) {
      let byte = body[at] ?? 0;
      while (isSpace(byte)) byte = body[++at] ?? 0;
      let sign = 1;
      if (byte === minus) {
        sign = -1;
        byte = body[++at] ?? 0;
      }
      const first = at;
      let value = 0;
      let digit = byte - zero;
      while (isDigit(digit)) {
        value = value * 10 + digit;
        digit = (body[++at] ?? 0) - zero;
      }
      if (at === first || (at - first > 1 && body[first] === zero)) return -1;
      let power: number | undefined = 1;
      if (digit === point - zero) {
        const after = ++at;
        digit = (body[at] ?? 0) - zero;
        while (isDigit(digit)) {
          value = value * 10 + digit;
          digit = (body[++at] ?? 0) - zero;
        }
        if (at === after) return -1;
        power = powers[at - after];
      }
      // No number that is less is too large for a float.
      if (value >= exact || power === undefined) return -1;
      byte = digit + zero;
      while (isSpace(byte)) byte = body[++at] ?? 0;
      if (byte !== (place === width - 1 ? closeList : comma)) return -1;
      at++;
      const cells = columns[place];
      if (cells === undefined) return -1;
      cells[row] = (value / power) * sign;
    }
  }
  while (isSpace(body[at])) at++;
  return body[at] === closeList ? at + 1 : -1;
}

/** Of a byte less that of the digit zero; one comparison, since it takes what is below for a large number. */
function isDigit(value: number): boolean {
  return value >>> 0 <= 9;
}

/** Nearly all bytes are above, which is seen at once. */
function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && byte <= 32 && (byte === 32 || byte === 10 || byte === 13 || byte === 9);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return null;
  }
}
