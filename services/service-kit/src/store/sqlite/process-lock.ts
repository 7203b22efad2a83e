import { closeSync, mkdirSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAwaited, takeRestored, type TakeOver } from './restored-file';

/** Another process has the database open. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/** How the lock is taken. */
export interface LockOptions {
  /** Milliseconds to wait for a process that is just ending. @default 5000 */
  readonly waitMs?: number;
  /** Told what became of a restored database that waited for the lock. */
  onTakeOver?(what: TakeOver): void;
}

/**
 * Makes this process the only one that serves a SQLite file. The lock is SQLite's own exclusive lock on a small file beside it:
 * the kernel frees it when the process ends, however it ends. It lies beside the real file: a symbolic link leads to the same lock.
 * Whoever has it puts a restored database that waits in the file's place.
 *
 * @returns a function that frees the lock
 * @throws Error with code SQLITE_NOTADB for another kind of file, beside which nothing is left
 * @throws DatabaseInUse when another process still holds it after the wait
 */
export function lockForThisProcess(path: string, { waitMs = 5_000, onTakeOver }: LockOptions = {}): () => void {
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  mkdirSync(dirname(path), { recursive: true });
  // Made when it isn't there, so that a link to it leads somewhere; SQLite takes an empty file for a new database.
  closeSync(openSync(path, 'a+'));
  const file = realpathSync(path);
  if (!isAwaited(file)) assertDatabase(file);
  const lock = new Sqlite(`${file}.lock`, { timeout: waitMs });
  try {
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    const what = takeRestored(file);
    onTakeOver?.(what);
    assertDatabase(file);
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

function assertDatabase(path: string): void {
  const head = Buffer.alloc(magic.length);
  const file = openSync(path, 'r');
  try {
    const length = readSync(file, head, 0, magic.length, 0);
    if (length > 0 && !head.equals(magic)) throw Object.assign(new Error('file is not a database'), { code: 'SQLITE_NOTADB' });
  } finally {
    closeSync(file);
  }
}
