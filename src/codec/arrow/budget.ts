import { brokenArrow } from './broken.ts';

// Dictionaries, views and types without buffers let a few bytes stand for any number of cells.

/** No more cells than the largest JSON body could name. */
export const mostCells = 20_000_000;
/** What the texts and unpacked buffers of a body may come to. */
const mostBytes = 512 * 1024 * 1024;

/** So many whatever the body has: more than any table that is asked about at once. */
const cellsOfAny = 1_000_000;
/** Booleans are the smallest cells. */
const cellsPerByte = 8;

let cellsLeft = 0;
let bytesLeft = 0;

/** Runs the reading of one body of so many bytes, which never waits, within the limits of one. */
export function withinBudget<Result>(bodyBytes: number, read: () => Result): Result {
  cellsLeft = Math.min(mostCells, cellsOfAny + cellsPerByte * bodyBytes);
  bytesLeft = mostBytes;
  return read();
}

/** Before they are made. Errors: INVALID_BODY. */
export function takeCells(count: number): void {
  cellsLeft -= count;
  // Also what is no number.
  if (!(cellsLeft >= 0)) throw brokenArrow('its Arrow columns have too many cells');
}

export function takeBytes(count: number): void {
  bytesLeft -= count;
  if (!(bytesLeft >= 0)) throw brokenArrow('its Arrow buffers are too large once unpacked');
}
