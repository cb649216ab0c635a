import type { RequestPart } from '../codec.ts';
import { step } from '../values/faults.ts';

/** The rows of a request body, and where each stands in it. */
export interface BodyRows {
  readonly rows: readonly unknown[];
  /** JSON pointer of a row, into the body as sent. */
  readonly pointer: (row: number) => string;
}

/** The body is one row. */
export function singleRow(row: unknown, at: string): BodyRows {
  return { rows: [row], pointer: () => at };
}

/** The body is a list of rows. */
export function listedRows(rows: readonly unknown[], at: string): BodyRows {
  return { rows, pointer: (row) => at + step(row) };
}

/** What a body turned out to ask. */
export interface ReadInputs {
  readonly parts: readonly RequestPart[];
  readonly rows: number;
}
