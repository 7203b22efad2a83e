import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes, and waits while the other side is behind. What was closed meanwhile takes nothing, and that is no fault. */
export async function writeBytes(target: Writable, bytes: Buffer): Promise<void> {
  if (target.destroyed) return;
  if (!target.write(bytes)) await Promise.race([once(target, 'drain'), once(target, 'close')]);
}
