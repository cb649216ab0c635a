import type { Nested, NestedObject, Payload } from '../payload/payload.ts';
import { rowCount, split } from '../payload/rows.ts';

/**
 * The answer to a batch, cut into the answers to its requests, `counts` rows each. Null where rows of the answer
 * do not map to rows asked: another number of them, or a value that is no list and no dict of such lists.
 */
export function splitAnswer(answer: Payload, counts: readonly number[]): readonly Payload[] | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (rowCount(answer) === total) return split(answer, counts);
  if (answer.kind !== 'value' || !isObject(answer.value)) return null;
  return splitLists(answer.value, counts, total);
}

function splitLists(
  lists: NestedObject,
  counts: readonly number[],
  total: number,
): readonly Payload[] | null {
  const entries = Object.entries(lists);
  if (entries.length === 0) return null;
  const parts: Record<string, Nested>[] = counts.map(() => Object.create(null) as Record<string, Nested>);
  for (const [name, list] of entries) {
    if (!Array.isArray(list) || list.length !== total) return null;
    let start = 0;
    for (const [index, count] of counts.entries()) {
      const part = parts[index];
      if (part !== undefined) part[name] = (list as readonly Nested[]).slice(start, start + count);
      start += count;
    }
  }
  return parts.map((value) => ({ kind: 'value', value }));
}

function isObject(value: Nested): value is NestedObject {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}
