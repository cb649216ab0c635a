/**
 * Columns agreed once: each side of a connection numbers the column lists it has said, and says a list again
 * only by its number. A model has one list, or a few when columns are optional; past the limit lists are said
 * in full every time, so that neither side remembers without bound.
 */
import type { Json } from '../payload/nested-json.ts';
import type { Dtype } from '../payload/payload.ts';
import { badFrame, readInteger, readList, readOptionalText } from './json.ts';
import { readDtype } from './vector.ts';

export interface ColumnLayout {
  readonly name: string | null;
  readonly dtype: Dtype;
  /** A block of nulls follows. */
  readonly nulls: boolean;
}

/** How many column lists a connection remembers in each direction. */
export const maxLayouts = 256;

export const layoutToJson = (columns: readonly ColumnLayout[]): Json =>
  columns.map(({ name, dtype, nulls }) => [name, dtype, nulls ? 1 : 0]);

export class LayoutWriter {
  readonly #numbers = new Map<string, number>();

  /** The fields that say these columns: `c` in full, `l` the number from now on. */
  say(columns: readonly ColumnLayout[]): Readonly<Record<string, Json>> {
    const key = columns
      .map(({ name, dtype, nulls }) => `${dtype}${nulls ? '?' : '!'}${JSON.stringify(name)}`)
      .join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return { l: known };
    const number = this.#numbers.size;
    if (number >= maxLayouts) return { c: layoutToJson(columns) };
    this.#numbers.set(key, number);
    return { l: number, c: layoutToJson(columns) };
  }
}

export class LayoutReader {
  readonly #layouts = new Map<number, readonly ColumnLayout[]>();

  hear(description: Readonly<Record<string, Json>>): readonly ColumnLayout[] {
    const { l: number, c: columns } = description;
    if (columns === undefined) return this.#layouts.get(readInteger(number)) ?? fail();
    const layout = readList(columns).map(readColumn);
    if (number !== undefined) this.#layouts.set(readInteger(number), layout);
    return layout;
  }
}

function fail(): never {
  throw badFrame('columns that were never said');
}

function readColumn(json: Json): ColumnLayout {
  const [name, dtype, nulls] = readList(json);
  return { name: readOptionalText(name), dtype: readDtype(dtype), nulls: nulls === 1 };
}
