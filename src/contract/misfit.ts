import { Timestamp, type Nested } from '../payload/payload.ts';
import { isList } from './nested.ts';

/**
 * Why an answer does not fit: a value, not an exception, since it is found cell by cell. Says types and
 * places, never the model's values.
 */
export class Misfit {
  readonly expected: string;
  readonly got: string;
  readonly at: Whereabouts;

  constructor(expected: string, got: string, at: Whereabouts = nowhere) {
    this.expected = expected;
    this.got = got;
    this.at = at;
  }

  /** The same, seen from one level further out. */
  within(step: string | number): Misfit {
    return this.#moved({ inside: `/${String(step)}${this.at.inside}` });
  }

  inRow(row: number): Misfit {
    return this.#moved({ row });
  }

  of(place: string): Misfit {
    return this.#moved({ place });
  }

  /** "column `score`: expected double, got string in row 3". */
  sentence(): string {
    const { inside, row } = this.at;
    const place = inside === '' ? this.at.place : `${this.at.place} at ${inside}`.trimStart();
    const where = row === null ? '' : ` in row ${String(row)}`;
    return `${place === '' ? '' : `${place}: `}expected ${this.expected}, got ${this.got}${where}`;
  }

  #moved(at: Partial<Whereabouts>): Misfit {
    return new Misfit(this.expected, this.got, { ...this.at, ...at });
  }
}

interface Whereabouts {
  /** The column or tensor, in words; '' while it is not known, or when it is the whole answer. */
  readonly place: string;
  /** Steps inside a nested cell, as in a JSON pointer. */
  readonly inside: string;
  /** The row, counted from 0 as in a JSON pointer. */
  readonly row: number | null;
}

const nowhere: Whereabouts = { place: '', inside: '', row: null };

/** The kind of a value in a word or two; absent is undefined. */
export function kindOf(value: Nested | undefined): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'object':
      return objectKind(value);
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'float';
    case 'bigint':
      return 'integer';
    default:
      return typeof value;
  }
}

function objectKind(value: Nested & (object | null)): string {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (value instanceof Timestamp) return 'datetime';
  return value instanceof Uint8Array ? 'bytes' : 'object';
}

/** That an answer has another number of rows than the request. */
export function wrongRows(expected: number, got: number): Misfit {
  return new Misfit(`${String(expected)} ${expected === 1 ? 'row' : 'rows'}`, String(got));
}
