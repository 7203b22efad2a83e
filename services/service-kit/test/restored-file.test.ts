import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DatabaseInUse, lockForThisProcess } from '../src/store/sqlite/process-lock';
import { restoreFiles, type TakeOver } from '../src/store/sqlite/restored-file';
import { SqliteConnection } from '../src/store/sqlite/sqlite-connection';

// each database of these has one row, its own name: so a start tells which one is served
describe('a restored SQLite file', () => {
  let folder: string;
  let path: string;
  let files: ReturnType<typeof restoreFiles>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-restored-'));
    path = join(folder, 'notes.db');
    files = restoreFiles(path);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function make(file: string, ...names: string[]): void {
    const { db } = SqliteConnection.open(file);
    db.exec('CREATE TABLE notes (name TEXT NOT NULL) STRICT');
    for (const name of names) db.prepare('INSERT INTO notes VALUES (?)').run(name);
    db.pragma('journal_mode = DELETE');
    db.close();
  }

  /** A database as a killed process leaves it: its last row is in the log alone. */
  function makeKilled(file: string, name: string): void {
    const work = join(folder, 'work.db');
    make(work);
    const { db } = SqliteConnection.open(work);
    db.prepare('INSERT INTO notes VALUES (?)').run(name);
    copyFileSync(work, file);
    copyFileSync(`${work}-wal`, `${file}-wal`);
    db.close();
    for (const part of ['', '-wal', '-shm']) rmSync(`${work}${part}`, { force: true });
  }

  /** Starts and ends. */
  function start(): { readonly what: TakeOver | undefined; readonly served: unknown[] } {
    let what: TakeOver | undefined;
    const unlock = lockForThisProcess(path, { onTakeOver: (said) => (what = said) });
    const { db } = SqliteConnection.open(path);
    const served = db.prepare('SELECT name FROM notes').pluck().all();
    db.close();
    unlock();
    // what was only staged, the next restore forgets
    for (const file of [files.restored, files.restoredIfEmpty, files.taking]) expect(existsSync(file)).toBe(false);
    return { what, served };
  }

  it('takes the place of a database whose log has rows that are in no file yet (red when the log stays: it is applied to the new file)', () => {
    makeKilled(path, 'old');
    make(files.restored, 'new');
    expect(start()).toEqual({ what: 'taken', served: ['new'] });
  });

  it.each<[string, () => void, string]>([
    ['while it was received', () => writeFileSync(`${files.staged}-part`, 'half of it'), 'old'],
    ['before it was let in', () => make(files.staged, 'new'), 'old'],
    ['when it was let in', () => make(files.restored, 'new'), 'new'],
    ['when it was taken', () => make(files.taking, 'new'), 'new'],
    [
      'when the old one’s log was gone',
      () => {
        make(files.taking, 'new');
        rmSync(`${path}-wal`);
      },
      'new',
    ],
    [
      'when the old one’s log was gone, long ago',
      () => {
        make(files.taking, 'new');
        rmSync(`${path}-wal`);
        utimesSync(files.taking, new Date(0), new Date(0));
      },
      'new',
    ],
    [
      'when it was in place',
      () => {
        make(files.taking, 'new');
        rmSync(`${path}-wal`);
        renameSync(files.taking, path);
      },
      'new',
    ],
  ])('is served whole, or the old one is, where everything ended %s', (_, leave, served) => {
    makeKilled(path, 'old');
    leave();
    expect(start().served).toEqual([served]);
  });

  it('is left out where data came and they may not be lost, also those that are in the log alone', () => {
    makeKilled(path, 'old');
    make(files.restoredIfEmpty, 'new');
    expect(start()).toEqual({ what: 'refused', served: ['old'] });
  });

  it('takes the place of a database without rows', () => {
    make(path);
    make(files.restoredIfEmpty, 'new');
    expect(start()).toEqual({ what: 'taken', served: ['new'] });
  });

  it('takes the place of what is no database at all', () => {
    writeFileSync(path, 'a disk that lost its mind');
    make(files.restored, 'new');
    expect(start()).toEqual({ what: 'taken', served: ['new'] });
  });

  it('is left out when it was let in more than ten minutes ago: what was written since was not meant', () => {
    make(path, 'old');
    make(files.restored, 'new');
    utimesSync(files.restored, new Date(), new Date(Date.now() - 11 * 60_000));
    expect(start()).toEqual({ what: 'expired', served: ['old'] });
  });

  it('waits until the process that serves has ended', () => {
    make(path, 'old');
    const unlock = lockForThisProcess(path);
    make(files.restored, 'new');
    expect(() => lockForThisProcess(path, { waitMs: 0 })).toThrow(DatabaseInUse);
    const db = new Database(path);
    expect(db.prepare('SELECT name FROM notes').pluck().all()).toEqual(['old']);
    db.close();
    unlock();
    expect(start()).toEqual({ what: 'taken', served: ['new'] });
  });
});
