/**
 * `Promise.all` of `job` over `items` with at most `limit` running. After a failure no further job begins, and it
 * rejects when those that run have ended: nothing is left behind.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  job: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    // All workers share the iterator, so each item is taken once.
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await job(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}
