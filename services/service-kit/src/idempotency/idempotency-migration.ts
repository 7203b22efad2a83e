import type { Migration } from '../store/migrations';

/**
 * The table of idempotency keys, the first migration of every service. Its text never changes; what it lacks comes in a later migration.
 */
export const idempotencyMigration: Migration = {
  version: 1,
  name: 'create idempotency keys',
  sqlite: `
    CREATE TABLE idempotency_keys (
      operation TEXT NOT NULL,
      key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      token TEXT,
      claimed_until TEXT,
      status INTEGER,
      headers TEXT,
      body TEXT,
      created_at TEXT NOT NULL,
      PRIMARY KEY (operation, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
  `,
  postgres: `
    CREATE TABLE idempotency_keys (
      operation text NOT NULL,
      key text NOT NULL,
      fingerprint text NOT NULL,
      token text,
      claimed_until timestamptz(3),
      status integer,
      headers text,
      body text,
      created_at timestamptz(3) NOT NULL,
      PRIMARY KEY (operation, key)
    );
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
  `,
};
