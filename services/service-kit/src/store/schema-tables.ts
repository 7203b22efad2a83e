import type { Query, Store } from './store';

/** The tables that the kit keeps in every database, made before the first migration. Equal on both stores but for the types. */
export const schemaTables: Readonly<Record<Store['dialect'], string>> = {
  sqlite: `
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version INTEGER PRIMARY KEY, service TEXT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS store_probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;`,
  postgres: `
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY, service text NOT NULL, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz(3) NOT NULL
    );
    CREATE TABLE IF NOT EXISTS store_probe (id integer PRIMARY KEY, filler text NOT NULL);`,
};

/** The newest applied migration. */
export const schemaVersionQuery: Query = {
  label: 'schema.version',
  sql: 'SELECT max(version) AS version FROM schema_migrations',
  parameters: [],
};

/** A write of 64 KiB: it succeeds only on a disk that has room for real work again. */
export function writeProbeQuery(dialect: Store['dialect']): Query {
  // Noise: SQLite writes no page that has not changed, and PostgreSQL would compress a repeated letter away.
  const filler = {
    sqlite: 'randomblob(65536)',
    postgres: "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 2048))",
  }[dialect];
  return {
    label: 'schema.write_probe',
    sql: `INSERT INTO store_probe (id, filler) VALUES (1, ${filler}) ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`,
    parameters: [],
  };
}
