/** Runs `count` calls of `task`, `width` at a time, and gives their results in order. */
export async function inParallel<T>(count: number, width: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results = new Array<T>(count);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return results;
}

/**
 * Starts `task` `perSecond` times a second for `durationMs`, whether or not earlier ones are done (an open loop:
 * a slow answer does not slow the asking down), and gives all results.
 */
export async function atRate<T>(perSecond: number, durationMs: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const startedAtMs = performance.now();
  const total = Math.floor((perSecond * durationMs) / 1000);
  const results: Promise<T>[] = [];
  while (results.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond) + 1);
    while (results.length < due) results.push(task(results.length));
    await pause(Math.min(5, 1000 / perSecond));
  }
  return Promise.all(results);
}

/** Asks again until the answer is `true`, at most `withinMs`; gives how long that took, in milliseconds. @throws Error past it. */
export async function eventually(what: string, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<number> {
  const startedAtMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAtMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(50);
  }
  return performance.now() - startedAtMs;
}

/** The nearest-rank percentile; `part` from 0 to 1. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
