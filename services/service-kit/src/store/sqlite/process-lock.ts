import { closeSync, mkdirSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** Milliseconds to wait for a process that is just ending. */
const waitMs = 5_000;

/** Another process has the database open. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/**
 * Makes this process the only one that serves a SQLite file. The lock is SQLite's own exclusive lock on a small file beside it:
 * the kernel frees it when the process ends, however it ends. It lies beside the real file: a symbolic link leads to the same lock.
 *
 * @returns a function that frees the lock
 * @throws Error with code SQLITE_NOTADB for another kind of file, beside which nothing is left
 * @throws DatabaseInUse when another process still holds it after 5 s
 */
export function lockForThisProcess(path: string): () => void {
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  mkdirSync(dirname(path), { recursive: true });
  // Made when it isn't there, so that a link to it leads somewhere; SQLite takes an empty file for a new database.
  const file = openSync(path, 'a+');
  try {
    assertDatabase(file);
  } finally {
    closeSync(file);
  }
  const lock = new Sqlite(`${realpathSync(path)}.lock`, { timeout: waitMs });
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

/** What each SQLite file begins with (https://www.sqlite.org/fileformat.html, section 1.3). */
const magic = Buffer.from('SQLite format 3\0', 'latin1');

function assertDatabase(file: number): void {
  const head = Buffer.alloc(magic.length);
  const length = readSync(file, head, 0, magic.length, 0);
  if (length > 0 && !head.equals(magic)) throw Object.assign(new Error('file is not a database'), { code: 'SQLITE_NOTADB' });
}
