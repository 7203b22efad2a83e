import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics } from '../src/metrics/metrics';
import { SqliteConnection } from '../src/store/sqlite/sqlite-connection';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store';
import { DatabaseInUse } from '../src/store/sqlite/process-lock';
import type { Query, Store } from '../src/store/store';

describe('the SQLite store', () => {
  let folder: string;
  let file: string;
  let store: Store;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-store-'));
    file = join(folder, 'notes.db');
    const connection = SqliteConnection.open(file);
    connection.db.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT');
    connection.db.close();
    store = openSqliteStore(file, createMetrics({ service: 'notes', version: '0', revision: '0' }));
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const query = (label: string, sql: string, ...parameters: unknown[]): Query => ({ label, sql, parameters });
  const insert = (text: string) =>
    store.write({ query: query('notes.insert', 'INSERT INTO notes (text) VALUES (?) RETURNING id', text), result: ([row]) => (row as { id: number }).id });
  const find = (id: number) => store.find<{ text: string }>(query('notes.find', 'SELECT text FROM notes WHERE id = ?', id));

  it('shows a write to a read that follows its answer, though a read of the same turn came before (red without the leave before a batch)', async () => {
    const writing = insert('first');
    // Enters the turn's snapshot after the batch was planned, so that only the batch can end it in time.
    const before = await find(1);
    const id = await writing;
    expect([before, await find(id)]).toEqual([undefined, { text: 'first' }]);
  });

  it('lets the write-ahead log start over while every turn reads (red when the snapshot outlives its turn)', async () => {
    for (let i = 0; i < 3_000; i++) {
      const writing = insert('x'.repeat(4_000));
      void find(1);
      void find(await writing);
    }
    // SQLite starts over at 1,000 pages of 4 KiB (its wal_autocheckpoint); 3,000 writes of at least two pages each fill it six times.
    expect(statSync(`${file}-wal`).size).toBeLessThan(2 * 1_000 * 4_096);
  });

  it('is refused for a second one by a symbolic link as by its own name', () => {
    const alias = join(folder, 'alias.db');
    symlinkSync(file, alias);
    expect(() => openSqliteStore(alias, createMetrics({ service: 'notes', version: '0', revision: '0' }))).toThrow(DatabaseInUse);
    expect(readdirSync(folder)).not.toContain('alias.db.lock');
  }, 15_000);

  it('leaves nothing beside a file of another kind', () => {
    const other = join(folder, 'passwd');
    writeFileSync(other, 'root:x:0:0:root:/root:/bin/bash\n');
    expect(() => openSqliteStore(other, createMetrics({ service: 'notes', version: '0', revision: '0' }))).toThrow('file is not a database');
    expect(readdirSync(folder).filter((name) => name.startsWith('passwd'))).toEqual(['passwd']);
  });

  it('reads on after a statement failed inside a turn', async () => {
    const id = await insert('kept');
    const failing = store.find(query('notes.broken', 'SELECT nothing FROM notes'));
    const beside = find(id);
    await expect(failing).rejects.toThrow();
    expect([await beside, await find(id)]).toEqual([{ text: 'kept' }, { text: 'kept' }]);
  });
});
