import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type NewOrder, type NewUser, orderJson, type OrderRow, type User } from './sqlite-shop';

/** Gives a row, or nothing where there is none. Called at once by SQLite, later by PostgreSQL. */
export type Found<Row> = (row: Row | undefined) => void;

/** What a bare server needs of its store. */
export interface BareStore {
  findUser(id: number, found: Found<User>): void;
  addUser(user: NewUser, added: Found<User>): void;
  findOrder(id: number, found: Found<OrderRow>): void;
  addOrder(order: NewOrder, added: Found<OrderRow>): void;
}

/**
 * The floor: `node:http` and a store, nothing else. It believes every body, logs nothing, counts nothing and
 * sends three headers. `PORT` says where it listens; it ends when its parent does. `ADDED_MICROS` slows each answer, for the calibration.
 */
export function serveBare(store: BareStore): void {
  const server = createServer((request, response) => {
    const url = request.url!;
    if (request.method === 'GET') {
      if (url.startsWith(users)) store.findUser(Number(url.slice(users.length + 1)), (user) => answer(response, user && 200, user));
      else store.findOrder(Number(url.slice(orders.length + 1)), (order) => answer(response, order && 200, order && orderJson(order)));
    } else {
      readJson(request, (body) => {
        if (url === users) store.addUser(body as NewUser, (user) => answer(response, 201, user));
        else store.addOrder(body as NewOrder, (order) => answer(response, 201, order && orderJson(order)));
      });
    }
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  process.once('disconnect', () => process.exit());
}

const users = '/api/v1/users';
const orders = '/api/v1/orders';

function answer(response: ServerResponse, status: number | undefined, body: unknown): void {
  if (addedMs > 0) spin();
  const text = JSON.stringify(body ?? { detail: 'Not found' });
  response.writeHead(status ?? 404, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const addedMs = Number(process.env['ADDED_MICROS'] ?? 0) / 1000;

function spin(): void {
  const until = performance.now() + addedMs;
  while (performance.now() < until);
}

function readJson(request: IncomingMessage, use: (body: unknown) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => use(JSON.parse(Buffer.concat(chunks).toString())));
}
