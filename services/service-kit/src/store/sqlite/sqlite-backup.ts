import { randomUUID } from 'node:crypto';
import { fstatSync, openSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { assertWhole, schemaOf, type TableFacts, tableFacts } from './database-facts';

/** A copy can't be made, received or put in the place of the database. The message says why, and what to do. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}

/** What a copy of a database is. */
export interface CopyFacts {
  readonly service: string;
  /** The newest migration. */
  readonly schema: number;
  /** Such as `SQLite 3.54.1`. */
  readonly server: string;
  /** Of the file. */
  readonly bytes: number;
}

/** A copy that is whole. Nothing in any folder leads to it: it goes when it is closed, and with the process. */
export interface DatabaseCopy {
  readonly facts: CopyFacts;
  readonly tables: readonly TableFacts[];
  /** An open file, to be read from its beginning and closed. */
  readonly file: number;
}

/** Bytes that must stay free beside a copy, so that the service can still write. */
const spareBytes = 1024 * 1024;

/**
 * Copies a SQLite file that a service may be serving: everything that was committed before, and nothing of what comes later. It is written beside
 * the database, because nothing else of a container has room for it.
 *
 * @throws CopyRefused where there is no database, no room or something broken in it
 */
export async function copyDatabase(path: string): Promise<DatabaseCopy> {
  // of runs that were killed
  removeAll(`${path}.backup-`);
  const copy = `${path}.backup-${randomUUID()}`;
  const db = openExisting(path);
  try {
    assertRoom(path, Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true })));
    // all in one step: a copy in several starts over when somebody writes in between
    await db.backup(copy, { progress: () => 0x7fffffff });
    const { facts, tables } = inspectCopy(copy);
    const file = openSync(copy, 'r');
    return { facts: { ...facts, bytes: fstatSync(file).size }, tables, file };
  } finally {
    db.close();
    removeAll(copy);
  }
}

function openExisting(path: string): Database {
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  try {
    return new Sqlite(path, { fileMustExist: true, timeout: 5_000 });
  } catch (cause) {
    throw new CopyRefused(`the database ${path} can't be opened (${(cause as { code?: string }).code}): has the service ever started?`, { cause });
  }
}

/** Removes the files whose names begin like this. */
function removeAll(beginning: string): void {
  const folder = dirname(beginning);
  for (const name of readdirSync(folder)) if (name.startsWith(basename(beginning))) rmSync(join(folder, name), { force: true });
}

/** Makes it one file, whatever the mode of the original, and looks into it. */
function inspectCopy(copy: string): { readonly facts: Omit<CopyFacts, 'bytes'>; readonly tables: readonly TableFacts[] } {
  const db = openExisting(copy);
  try {
    db.pragma('journal_mode = DELETE');
    assertWhole(db);
    const schema = schemaOf(db);
    if (schema === undefined) throw new CopyRefused('the database has no schema yet: has the service ever started?');
    return { facts: { ...schema, server: `SQLite ${String(db.prepare('SELECT sqlite_version()').pluck().get())}` }, tables: tableFacts(db) };
  } catch (cause) {
    if (cause instanceof CopyRefused) throw cause;
    throw new CopyRefused(`the database is damaged, and so would be its backup: ${(cause as Error).message}`, { cause });
  } finally {
    db.close();
  }
}

/** @throws CopyRefused when the disk of the database has no room for so many bytes more */
export function assertRoom(path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize >= bytes + spareBytes) return;
  const [needed, free] = [bytes, bavail * bsize].map((count) => `${Math.ceil(count / 1024 / 1024)} MiB`);
  throw new CopyRefused(`a copy of the database takes ${needed} on its own volume, and ${free} are free: make the volume larger`);
}
