/** Maps in order, with at most `limit` jobs under way. The first failure ends it; jobs under way finish unseen. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  job: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await job(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
