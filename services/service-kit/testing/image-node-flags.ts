import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The flags that the services' image runs Node.js with, the bounds of its heap.
 *
 * @param root - of the repository
 * @throws Error when the Dockerfile doesn't name them any more
 */
export function imageNodeFlags(root: string): string {
  const flags = /^ARG NODE_FLAGS="(.+)"$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1];
  if (flags === undefined) throw new Error('the Dockerfile has no line ARG NODE_FLAGS="…"');
  return flags;
}
