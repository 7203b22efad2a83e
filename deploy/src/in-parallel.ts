/** Calls at once. Side by side on one connection, eight were a seventh slower than these for thirty objects, which are within noise of thirty. */
const width = 24;

/**
 * Runs a task on each item, a few at once, and gives the results in the items' order. After a fault nothing new is begun, and it is thrown when
 * what was under way has ended.
 */
export async function inParallel<Item, Result>(items: readonly Item[], task: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const faults: unknown[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length && faults.length === 0) {
      const index = next++;
      try {
        results[index] = await task(items[index]!);
      } catch (error) {
        faults.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  if (faults.length > 0) throw faults[0];
  return results;
}
