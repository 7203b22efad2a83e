import type { Migration } from '@berth/service-kit';

/** Users; `email_key` makes an address unique without regard to case. */
export const createUsers: Migration = {
  version: 2,
  name: 'create users',
  sqlite: `
    CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      email TEXT NOT NULL,
      email_key TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      age INTEGER CHECK (age BETWEEN 0 AND 150),
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 1
    ) STRICT;
  `,
  postgres: `
    CREATE TABLE users (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      email text NOT NULL,
      email_key text NOT NULL UNIQUE,
      name text NOT NULL,
      age integer CHECK (age BETWEEN 0 AND 150),
      created_at timestamptz(3) NOT NULL,
      updated_at timestamptz(3) NOT NULL,
      version integer NOT NULL DEFAULT 1
    );
  `,
};
