import Database from 'better-sqlite3';

/** A user as every server of this benchmark answers it. */
export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly age: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a client sends to make one. */
export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly age?: number | null;
}

/** One line of an order. */
export interface Item {
  readonly product_id: string;
  readonly product_name: string | null;
  readonly quantity: number;
  readonly price: number | null;
}

/** What a client sends to make an order. */
export interface NewOrder {
  readonly user_id: number;
  readonly items: readonly Item[];
  readonly shipping_address?: string | null;
}

/** An order's row: its items are one JSON document. */
export interface OrderRow {
  readonly id: number;
  readonly user_id: number;
  readonly status: string;
  readonly items: string;
  readonly shipping_address: string | null;
  readonly total_minor: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Users and orders in one SQLite file: prepared statements, and each insert a durable commit of its own. */
export interface Shop {
  findUser(id: number): User | undefined;
  addUser(user: NewUser): User;
  findOrder(id: number): OrderRow | undefined;
  addOrder(order: NewOrder): OrderRow;
}

/** Opens the file with the services' own settings: write-ahead log, `synchronous=FULL`. */
export function openShop(path: string): Shop {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(schema);
  const userById = database.prepare<[number], User>('SELECT id, email, name, age, created_at, updated_at FROM users WHERE id = ?');
  const insertUser = database.prepare<unknown[], User>(
    `INSERT INTO users (email, email_key, name, age, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
     RETURNING id, email, name, age, created_at, updated_at`,
  );
  const orderById = database.prepare<[number], OrderRow>(`SELECT ${orderColumns} FROM orders WHERE id = ?`);
  const insertOrder = database.prepare<unknown[], OrderRow>(
    `INSERT INTO orders (user_id, items, shipping_address, total_minor, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING ${orderColumns}`,
  );
  return {
    findUser: (id) => userById.get(id),
    addUser: ({ email, name, age }) => {
      const now = new Date().toISOString();
      return insertUser.get(email, email.toLowerCase(), name, age ?? null, now, now)!;
    },
    findOrder: (id) => orderById.get(id),
    addOrder: ({ user_id, items, shipping_address }) => {
      const now = new Date().toISOString();
      return insertOrder.get(user_id, JSON.stringify(items), shipping_address ?? null, totalMinor(items), now, now)!;
    },
  };
}

/** The sum in hundredths, null where a price is missing. */
export function totalMinor(items: readonly Item[]): number | null {
  let total = 0;
  for (const { price, quantity } of items) {
    if (price === null || price === undefined) return null;
    total += Math.round(price * 100) * quantity;
  }
  return total;
}

/** The order as a client gets it. */
export function orderJson({ total_minor, items, ...rest }: OrderRow) {
  return {
    id: rest.id,
    user_id: rest.user_id,
    status: rest.status,
    items: JSON.parse(items) as Item[],
    shipping_address: rest.shipping_address,
    total: total_minor === null ? null : total_minor / 100,
    created_at: rest.created_at,
    updated_at: rest.updated_at,
  };
}

const orderColumns = 'id, user_id, status, items, shipping_address, total_minor, created_at, updated_at';

const schema = `
CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  age INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  items TEXT NOT NULL,
  shipping_address TEXT,
  total_minor INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS orders_user ON orders (user_id, id);`;
