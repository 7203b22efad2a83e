import { createHash } from 'node:crypto';

/** Ten hexadecimal digits of a value's SHA-256: for names of what is replaced, never changed. Members count in their order. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 10);
}
