/**
 * Positions of rows that look alike to a model, by a key per row, in order of first appearance. One group
 * needs no positions.
 */
export function groupRows(rows: number, key: (row: number) => string): readonly (readonly number[] | null)[] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups.size === 1 ? [null] : [...groups.values()];
}

export function pick(cells: readonly unknown[], positions: readonly number[] | null): readonly unknown[] {
  return positions === null ? cells : positions.map((position) => cells[position]);
}
