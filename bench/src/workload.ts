import { get, load, post } from './load';
import type { RunningServer } from './servers';

let made = 0;

/** A sign-up with an e-mail that nobody had before. */
export function signUp(): string {
  made++;
  return post('/api/v1/users', { email: `user-${made}@example.org`, name: `User ${made}`, age: made % 100 });
}

/** A read of one user by a random id of the first `rows`. */
export const readUser = (rows: number) => () => get(`/api/v1/users/${randomId(rows)}`);

/** A read of one order by a random id of the first `rows`. */
export const readOrder = (rows: number) => () => get(`/api/v1/orders/${randomId(rows)}`);

/** An order of two items by a random user of the first `users`. */
export const placeOrder = (users: number) => () =>
  post('/api/v1/orders', {
    user_id: randomId(users),
    items: [
      { product_id: 'tea-1', product_name: 'Tea, black, 500 g', quantity: 2, price: 12.5 },
      { product_id: 'cup-7', product_name: 'Cup, white', quantity: 4, price: 3.99 },
    ],
    shipping_address: '1 Harbour Road, Springfield',
  });

/** Makes rows through a server's own API, which also warms it up. */
export async function fill({ name, port }: RunningServer, rows: number, next: () => string): Promise<void> {
  try {
    const { unexpected } = await load({ port, connections: 32, requests: rows, next, expected: 201 });
    if (unexpected.length > 0) throw new Error(`answered ${unexpected[0]!}`);
  } catch (cause) {
    throw new Error(`${name} ${(cause as Error).message}`, { cause });
  }
}

function randomId(rows: number): number {
  return 1 + Math.floor(Math.random() * rows);
}
