import type { ScalarName } from '../../contract/signature.ts';
import { exactNumber } from '../../util/decimal.ts';

/** Texts that stand for a missing value, as pandas reads them, quoted or not. */
const missing: ReadonlySet<string> = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>'],
  ...['N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);

/** The JSON value that a text stands for, given the type it should have; a text that stands for none is left. */
export function csvValue(kind: ScalarName, text: string): unknown {
  if (missing.has(text)) return null;
  switch (kind) {
    case 'boolean':
      return wordOfBoolean(text) ?? text;
    case 'integer':
    case 'long':
      return numberValue(text) ?? text;
    case 'float':
    case 'double':
      return numberValue(text) ?? infinity(text) ?? text;
    default:
      return text;
  }
}

/** Texts of a column that no signature describes: numbers or booleans where all are, as pandas would find. */
export function guessValues(cells: readonly unknown[]): readonly unknown[] {
  const texts = cells.map((cell) => (typeof cell === 'string' && !missing.has(cell) ? cell : null));
  const readers = [(text: string) => numberValue(text) ?? infinity(text), wordOfBoolean];
  for (const read of readers) {
    const values = texts.map((text) => (text === null ? null : read(text)));
    if (values.every((value, index) => value !== null || texts[index] === null)) return values;
  }
  return texts;
}

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function numberValue(text: string): ReturnType<typeof exactNumber> | null {
  const bare = text.trim();
  if (!numberText.test(bare)) return null;
  return exactNumber(
    bare
      .replace(/^\+/, '')
      .replace(/^(-?)\./, '$10.')
      .replace(/\.(?!\d)/, ''),
  );
}

function infinity(text: string): number | null {
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text.trim()) ?? [];
  return sign === undefined ? null : sign === '-' ? -Infinity : Infinity;
}

function wordOfBoolean(text: string): boolean | null {
  if (['True', 'true', 'TRUE'].includes(text)) return true;
  return ['False', 'false', 'FALSE'].includes(text) ? false : null;
}
