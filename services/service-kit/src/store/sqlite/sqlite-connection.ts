import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';

/** Milliseconds to wait for another process that holds a lock. */
const busyTimeoutMs = 5_000;

/** Most prepared statements that are kept; a service has a few dozen, lists with filters included. */
const maximumStatements = 200;

/** One SQLite connection with its prepared statements. */
export class SqliteConnection {
  private readonly statements = new Map<string, Statement>();

  private constructor(readonly db: Database) {}

  /**
   * Opens a file, made with its folder when it isn't there: WAL, `synchronous=FULL` (each commit is synced), foreign keys on.
   *
   * @throws Error with SQLite's own code when the file can't be opened or is not a database
   */
  static open(path: string): SqliteConnection {
    // Loaded on use: a service on PostgreSQL needs no native module.
    const Sqlite = require('better-sqlite3') as typeof import('better-sqlite3');
    mkdirSync(dirname(path), { recursive: true });
    const db = new Sqlite(path, { timeout: busyTimeoutMs });
    retryWhileBusy(() => db.pragma('journal_mode = WAL'));
    for (const pragma of ['synchronous = FULL', 'foreign_keys = ON', 'trusted_schema = OFF', 'cell_size_check = ON']) db.pragma(pragma);
    return new SqliteConnection(db);
  }

  /** Runs one statement: its rows, and how many it changed. */
  run(sql: string, parameters: readonly unknown[]): { readonly rows: readonly unknown[]; readonly changes: number } {
    const statement = this.prepare(sql);
    if (!statement.reader) return { rows: [], changes: statement.run(parameters).changes };
    const rows = statement.all(parameters);
    return { rows, changes: rows.length };
  }

  /** Runs a look-up: its first row. */
  first(sql: string, parameters: readonly unknown[]): unknown {
    return this.prepare(sql).get(parameters);
  }

  private prepare(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (!statement) {
      if (this.statements.size >= maximumStatements) this.statements.clear();
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** Switching a new file to WAL fails at once when another process does the same; SQLite's busy timeout does not cover it. */
function retryWhileBusy(work: () => void): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
