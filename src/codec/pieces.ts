import { setImmediate } from 'node:timers/promises';
import type { Payload } from '../payload/payload.ts';
import { rowCount, split } from '../payload/rows.ts';

/** As many cells as some ten milliseconds are enough to write. */
const cellsAtOnce = 50_000;

/** Whether writing it would make others wait. Never so of what has no rows to cut it at. */
export function isLong(payload: Payload): boolean {
  return (rowCount(payload) ?? 0) > 1 && cells(payload) > cellsAtOnce;
}

/** Writes a run of rows after the other, with a turn of the event loop for others in between. */
export async function writePieces(
  payload: Payload,
  write: (piece: Payload) => string,
): Promise<readonly string[]> {
  const rows = rowCount(payload) ?? 0;
  const most = Math.max(1, Math.floor((rows * cellsAtOnce) / cells(payload)));
  const counts = Array.from({ length: Math.ceil(rows / most) }, (_, index) =>
    Math.min(most, rows - index * most),
  );
  const texts: string[] = [];
  for (const piece of split(payload, counts)) {
    texts.push(write(piece));
    await setImmediate();
  }
  return texts;
}

function cells(payload: Payload): number {
  switch (payload.kind) {
    case 'table':
      return payload.rows * payload.columns.length;
    case 'tensors':
      return payload.tensors.reduce((sum, { vector }) => sum + vector.data.length, 0);
    case 'value':
      return rowCount(payload) ?? 0;
  }
}
