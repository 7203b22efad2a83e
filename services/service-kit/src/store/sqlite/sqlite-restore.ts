import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { inspect, type Migration } from '../migrations';
import { assertWhole, schemaOf, type TableFacts, tableFacts } from './database-facts';
import { DatabaseInUse, lockForThisProcess } from './process-lock';
import { isEmpty, restoreFiles, syncFolder } from './restored-file';
import { assertRoom, CopyRefused } from './sqlite-backup';
import { openSqliteMigrationTarget } from './sqlite-migration-target';

/** What a copy is said to be by whoever sends it. */
export interface ExpectedCopy {
  readonly bytes: number;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
  readonly tables: readonly TableFacts[];
}

/** Whose copy it must be. */
export interface CopyOwner {
  readonly name: string;
  /** The newest schema that this release knows. */
  readonly schema: number;
  readonly migrations: readonly Migration[];
}

/** How it stands with a database that is to take the place of another. */
export interface RestoreStatus {
  /** The file that is served, by its number on its disk: a restored one keeps its own. */
  readonly live: string | undefined;
  /** The copy that was staged or waits to be taken. */
  readonly waiting: string | undefined;
  /** Whether what is served has data of the service's own. */
  readonly holdsData: boolean;
}

/**
 * Receives a copy beside the database and looks it through. The service serves on, and never touches it.
 *
 * @throws CopyRefused when it isn't what it is said to be, or not this service's
 * @throws MigrationRefused when its schema was made by other migrations than this release's
 */
export async function stageCopy(path: string, owner: CopyOwner, expected: ExpectedCopy, content: AsyncIterable<Buffer>): Promise<void> {
  const { staged } = restoreFiles(real(path));
  const receiving = `${staged}-part`;
  discard(path);
  assertRoom(staged, expected.bytes);
  try {
    await receive(receiving, expected, content);
    await lookThrough(receiving, owner, expected);
    renameSync(receiving, staged);
    syncFolder(staged);
  } catch (error) {
    discard(path);
    throw error;
  }
}

/** Forgets a copy that was staged or waits to be taken. */
export function discard(path: string): void {
  const { staged, restored, restoredIfEmpty } = restoreFiles(real(path));
  const parts = ['', '-wal', '-shm', '-journal'].map((part) => `${staged}-part${part}`);
  for (const file of [...parts, staged, restored, restoredIfEmpty]) rmSync(file, { force: true });
}

async function receive(file: string, { bytes, sha256 }: ExpectedCopy, content: AsyncIterable<Buffer>): Promise<void> {
  const hash = createHash('sha256');
  const out = openSync(file, 'wx', 0o600);
  try {
    let received = 0;
    for await (const chunk of content) {
      received += chunk.length;
      if (received > bytes) break;
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) at += writeSync(out, chunk, at);
    }
    if (received !== bytes) throw new CopyRefused(`${received} bytes of the copy arrived, and it has ${bytes}: send it again`);
    if (hash.digest('hex') !== sha256) throw new CopyRefused('the copy is damaged: its SHA-256 is not the one that was announced');
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
}

async function lookThrough(file: string, { name, schema, migrations }: CopyOwner, { tables }: ExpectedCopy): Promise<void> {
  const found = reading(file, (db) => {
    assertWhole(db);
    return { schema: schemaOf(db), tables: tableFacts(db) };
  });
  if (found.schema === undefined) throw new CopyRefused('the copy was never migrated by a service: it is no backup of one');
  if (found.schema.service !== name) throw new CopyRefused(`the copy is of ${found.schema.service}, not of ${name}`);
  if (found.schema.schema > schema)
    throw new CopyRefused(`the copy has schema ${found.schema.schema}, and this release of ${name} knows ${schema}: deploy the newer release first`);
  if (JSON.stringify(found.tables) !== JSON.stringify(tables)) throw new CopyRefused('the copy does not hold the rows that were announced');
  const target = openSqliteMigrationTarget(file);
  try {
    await inspect(target, name, migrations);
  } finally {
    await target.close();
  }
  // one file again: nothing of it may lie in a log beside it
  reading(file, (db) => db.pragma('journal_mode = DELETE'));
}

function reading<Result>(file: string, work: (db: Database) => Result): Result {
  const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
  try {
    const db = new Sqlite(file, { fileMustExist: true });
    try {
      return work(db);
    } finally {
      db.close();
    }
  } catch (cause) {
    throw new CopyRefused(`the copy is no whole database: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Lets the staged copy take the database's place: at once where nobody serves it, else when the one who does has ended.
 *
 * @param overwrite - whether data may be lost; without it a database that holds some when the moment comes is left as it is
 * @throws CopyRefused when nothing is staged
 */
export function switchToCopy(path: string, overwrite: boolean): void {
  const { staged, restored, restoredIfEmpty } = restoreFiles(real(path));
  if (!existsSync(staged)) throw new CopyRefused('no copy is staged: send one first');
  const pending = overwrite ? restored : restoredIfEmpty;
  // it is taken within a time from now on
  utimesSync(staged, new Date(), new Date());
  renameSync(staged, pending);
  syncFolder(pending);
  try {
    lockForThisProcess(path, { waitMs: 0 })();
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw error;
  }
}

/** How it stands. */
export function restoreStatus(path: string): RestoreStatus {
  const { staged, restored, restoredIfEmpty, taking } = restoreFiles(real(path));
  const waiting = [staged, restored, restoredIfEmpty, taking].find((file) => existsSync(file));
  const numberOf = (file: string | undefined) => (file === undefined || !existsSync(file) ? undefined : String(statSync(file, { bigint: true }).ino));
  return { live: numberOf(path), waiting: numberOf(waiting), holdsData: !isEmpty(path) };
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
