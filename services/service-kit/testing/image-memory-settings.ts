import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Environment variables by which the services' image bounds its memory. */
export interface ImageMemorySettings {
  /** Flags for the heap of Node.js. */
  readonly NODE_OPTIONS: string;
  /** Arenas of glibc's `malloc`. */
  readonly MALLOC_ARENA_MAX: string;
}

/**
 * The variables as the image has them.
 *
 * @param root - of the repository
 * @throws Error when the Dockerfile doesn't name them any more
 */
export function imageMemorySettings(root: string): ImageMemorySettings {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const found = (pattern: RegExp, line: string) => {
    const value = pattern.exec(dockerfile)?.[1];
    if (value === undefined) throw new Error(`the Dockerfile has no line ${line}`);
    return value;
  };
  return {
    NODE_OPTIONS: found(/^ARG NODE_FLAGS="(.+)"$/m, 'ARG NODE_FLAGS="…"'),
    MALLOC_ARENA_MAX: found(/^ENV .*\bMALLOC_ARENA_MAX=(\d+)/m, 'ENV MALLOC_ARENA_MAX=…'),
  };
}
