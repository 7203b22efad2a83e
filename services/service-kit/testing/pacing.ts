import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts `task` `perSecond` times a second for `durationMs`, whether or not earlier ones are done (an open loop:
 * a slow answer does not slow the asking down), and gives all results.
 */
export async function atRate<T>(perSecond: number, durationMs: number, task: () => Promise<T>): Promise<T[]> {
  const startedAtMs = performance.now();
  const total = Math.floor((perSecond * durationMs) / 1000);
  const results: Promise<T>[] = [];
  while (results.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAtMs) / 1000) * perSecond) + 1);
    while (results.length < due) results.push(task());
    await sleep(Math.min(5, 1000 / perSecond));
  }
  return Promise.all(results);
}
