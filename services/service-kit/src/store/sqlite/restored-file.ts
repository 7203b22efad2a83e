import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { holdsData } from './database-facts';

/** The files beside a database by which another one takes its place. Each is made under another name first, so one that is there is whole. */
export function restoreFiles(path: string) {
  return {
    /** It was received and looked through; nobody takes it. */
    staged: `${path}.staged`,
    /** Whoever holds the database's lock next takes it. */
    restored: `${path}.restored`,
    /** The same, where the database holds no data by then. */
    restoredIfEmpty: `${path}.restored-if-empty`,
    /** It is taken: there is no way back, only on. */
    taking: `${path}.taking`,
  } as const;
}

/** What became of a database that was to take the place of another. */
export type TakeOver = 'none' | 'taken' | 'expired' | 'refused';

/** Milliseconds for which one waits to be taken: what was written much later was not meant to be replaced. */
const takenWithinMs = 10 * 60 * 1000;

/**
 * Puts a restored database in the place of the one that is there, if one waits. Killed at any point, the next call goes on.
 *
 * @param path - the real file; the caller holds its lock, and nobody has it open
 */
export function takeRestored(path: string): TakeOver {
  const { restored, restoredIfEmpty, taking } = restoreFiles(path);
  if (!existsSync(taking)) {
    const pending = [restored, restoredIfEmpty].find((file) => existsSync(file));
    if (pending === undefined) return 'none';
    const isLate = Date.now() - statSync(pending).mtimeMs > takenWithinMs;
    if (isLate || (pending === restoredIfEmpty && !isEmpty(path))) {
      rmSync(pending);
      return isLate ? 'expired' : 'refused';
    }
    renameSync(pending, taking);
    syncFolder(path);
  }
  // the log of the old file would be applied to the new one
  for (const part of ['-wal', '-shm', '-journal']) rmSync(`${path}${part}`, { force: true });
  syncFolder(path);
  renameSync(taking, path);
  syncFolder(path);
  return 'taken';
}

/** Whether a restored database waits to take the file's place. */
export function isAwaited(path: string): boolean {
  const { restored, restoredIfEmpty, taking } = restoreFiles(path);
  return [restored, restoredIfEmpty, taking].some((file) => existsSync(file));
}

/** Whether a file holds no data. What can't be read may hold some. */
export function isEmpty(path: string): boolean {
  if (!existsSync(path)) return true;
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  try {
    const db = new Sqlite(path, { fileMustExist: true, timeout: 5_000 });
    try {
      return !holdsData(db);
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

/** Makes renames and removals last. */
export function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
