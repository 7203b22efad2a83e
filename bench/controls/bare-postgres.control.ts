// Bare node:http on pg: a pool of ten, named statements, each insert an autocommit of its own.
import { Pool, type QueryResultRow, types } from 'pg';
import { type Found, serveBare } from './bare-server';
import { type OrderRow, totalMinor, type User } from './sqlite-shop';

types.setTypeParser(types.builtins.INT8, Number);
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });

function one<Row extends QueryResultRow>(name: string, text: string) {
  return (values: unknown[], found: Found<Row>) => {
    pool.query<Row>({ name, text, values }).then(({ rows }) => found(rows[0]), fail);
  };
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

const userColumns = 'id, email, name, age, created_at, updated_at';
const orderColumns = 'id, user_id, status, items, shipping_address, total_minor, created_at, updated_at';
const findUser = one<User>('find_user', `SELECT ${userColumns} FROM users WHERE id = $1`);
const addUser = one<User>(
  'add_user',
  `INSERT INTO users (email, email_key, name, age, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING ${userColumns}`,
);
const findOrder = one<OrderRow>('find_order', `SELECT ${orderColumns} FROM orders WHERE id = $1`);
const addOrder = one<OrderRow>(
  'add_order',
  `INSERT INTO orders (user_id, items, shipping_address, total_minor, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING ${orderColumns}`,
);

const schema = `
CREATE TABLE users (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  age INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL
);
CREATE TABLE orders (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id BIGINT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  items TEXT NOT NULL,
  shipping_address TEXT,
  total_minor BIGINT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ(3) NOT NULL,
  updated_at TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, id);`;

pool.query(schema).then(() => {
  serveBare({
    findUser: (id, found) => findUser([id], found),
    addUser: ({ email, name, age }, added) => addUser([email, email.toLowerCase(), name, age ?? null, new Date()], added),
    findOrder: (id, found) => findOrder([id], found),
    addOrder: ({ user_id, items, shipping_address }, added) =>
      addOrder([user_id, JSON.stringify(items), shipping_address ?? null, totalMinor(items), new Date()], added),
  });
}, fail);
