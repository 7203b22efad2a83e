import type { Migration } from '@berth/service-kit';

/** Orders; the items are a JSON document in the order's row (docs/decisions/0003-order-items-are-a-document.md). */
export const createOrders: Migration = {
  version: 2,
  name: 'create orders',
  sqlite: `
    CREATE TABLE orders (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      user_id INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')),
      items TEXT NOT NULL CHECK (json_valid(items)),
      shipping_address TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 1
    ) STRICT;
    CREATE INDEX orders_by_user ON orders (user_id, id);
    CREATE INDEX orders_by_status ON orders (status, id);
  `,
  postgres: `
    CREATE TABLE orders (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      user_id bigint NOT NULL,
      status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')),
      items jsonb NOT NULL,
      shipping_address text,
      created_at timestamptz(3) NOT NULL,
      updated_at timestamptz(3) NOT NULL,
      version integer NOT NULL DEFAULT 1
    );
    CREATE INDEX orders_by_user ON orders (user_id, id);
    CREATE INDEX orders_by_status ON orders (status, id);
  `,
};
