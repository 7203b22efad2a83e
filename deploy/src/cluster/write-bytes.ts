import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes, and waits while the other side is behind. What was closed meanwhile takes nothing, and that is no fault. */
export async function writeBytes(target: Writable, bytes: Buffer): Promise<void> {
  if (target.destroyed || target.write(bytes)) return;
  // whichever comes, nobody listens for the other any more
  const settled = new AbortController();
  await Promise.race([once(target, 'drain', { signal: settled.signal }), once(target, 'close', { signal: settled.signal })]).finally(() => settled.abort());
}
