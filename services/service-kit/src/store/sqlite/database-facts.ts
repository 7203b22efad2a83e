import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { bookkeepingTables } from '../../declaration';

/** What one table holds. */
export interface TableFacts {
  readonly table: string;
  readonly rows: number;
  /** The same for the same rows, in whatever order they lie. */
  readonly hash: string;
}

/** What a database holds: equal for equal contents, whatever the bytes of its file. */
export function tableFacts(db: Database): TableFacts[] {
  return tablesOf(db).map((table) => {
    const columns = db.pragma(`table_info(${quoted(table)})`) as readonly { readonly name: string }[];
    const row = columns.map(({ name }) => `quote(${quoted(name)})`).join(" || ',' || ");
    let [rows, sum] = [0, 0n];
    for (const text of db
      .prepare(`SELECT ${row} FROM ${quoted(table)}`)
      .pluck()
      .iterate() as Iterable<string>) {
      rows++;
      sum += createHash('sha256').update(text).digest().readBigUInt64BE();
    }
    return { table, rows, hash: sum.toString() };
  });
}

/** Whether there is a row in any table but the {@link bookkeepingTables}. */
export function holdsData(db: Database): boolean {
  const own = tablesOf(db).filter((table) => !bookkeepingTables.some((name) => name === table));
  return own.some(
    (table) =>
      db
        .prepare(`SELECT EXISTS (SELECT 1 FROM ${quoted(table)})`)
        .pluck()
        .get() === 1,
  );
}

/** The newest migration, and whose it is; nothing where none was ever applied. */
export function schemaOf(db: Database): { readonly schema: number; readonly service: string } | undefined {
  if (!tablesOf(db).includes('schema_migrations')) return undefined;
  return db.prepare('SELECT version AS schema, service FROM schema_migrations ORDER BY version DESC LIMIT 1').get() as { schema: number; service: string };
}

/** @throws Error with code SQLITE_CORRUPT and what SQLite found */
export function assertWhole(db: Database): void {
  const found = (db.pragma('integrity_check(10)') as readonly { readonly integrity_check: string }[]).map((row) => row.integrity_check);
  if (found.join() !== 'ok') throw Object.assign(new Error(found.join('; ')), { code: 'SQLITE_CORRUPT' });
}

function tablesOf(db: Database): string[] {
  return db
    .prepare(String.raw`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
    .pluck()
    .all() as string[];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
