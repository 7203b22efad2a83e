import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Milliseconds to wait for a process that is just ending. */
const waitMs = 5_000;

/** Another process has the database open. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/**
 * Makes this process the only one that serves a SQLite file. The lock is SQLite's own exclusive lock on a small file beside it:
 * the kernel frees it when the process ends, however it ends.
 *
 * @returns a function that frees the lock
 * @throws DatabaseInUse when another process still holds it after 5 s
 */
export function lockForThisProcess(path: string): () => void {
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  mkdirSync(dirname(path), { recursive: true });
  const lock = new Sqlite(`${path}.lock`, { timeout: waitMs });
  try {
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause;
    throw new DatabaseInUse(`Another process serves ${path}: SQLite takes one at a time. Stop it, choose another file, or use PostgreSQL (DATABASE_URL)`, {
      cause,
    });
  }
  return () => lock.close();
}
