import { createLoadClient, eventually, inParallel, type Reply, sayMeasured, seededRandom, shuffled, tally } from '../services/service-kit/testing/load-client';
import { openShop, readWholeList, type Shop } from '../services/service-kit/testing/shop';
import { startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const KEYS = 200;
const POSTS_A_KEY = 50;
const AT_ONCE = 50;

describe.each(storesUnderTest())('idempotency keys on %s', (kind) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(kind, { LOG_LEVEL: 'warn' });
  }, 60_000);
  afterAll(() => shop?.close());

  test('10,000 POSTs of 200 keys, 50 at once, make exactly 200 orders, and every answer is the order, its replay or 409', async () => {
    const userId = await shop.signUp();
    const startedAt = performance.now();
    const replies = await storm(stormKeys('storm'), (key) =>
      shop.orderClient.call('POST', '/api/v1/orders', { body: orderOf(userId, key), headers: keyed(key) }),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    expectOneOrderAKey(replies);
    const orders = await readWholeList(shop.orderClient, `/api/v1/orders?user_id=${userId}`);
    expect(orders).toHaveLength(KEYS);
    expect(new Set(orders.map((order) => order.items[0]?.product_name)).size).toBe(KEYS);
    sayMeasured(`storm on ${kind}`, {
      posts: replies.length,
      orders: orders.length,
      answers: tally(replies.map(({ reply }) => kindOf(reply))),
      seconds: seconds.toFixed(1),
    });
  }, 120_000);

  test('power check: without keys the same POSTs make as many orders', async () => {
    const userId = await shop.signUp();
    const posts = stormKeys('keyless').slice(0, 500);
    const replies = await storm(posts, (key) => shop.orderClient.call('POST', '/api/v1/orders', { body: orderOf(userId, key) }));
    expect(tally(replies.map(({ reply }) => kindOf(reply)))).toEqual({ created: 500 });
    expect(await readWholeList(shop.orderClient, `/api/v1/orders?user_id=${userId}`)).toHaveLength(500);
  }, 60_000);

  test('the same storm of sign-ups makes one user a key', async () => {
    const replies = await storm(stormKeys('people').slice(0, 2_000), (key) =>
      shop.userClient.call('POST', '/api/v1/users', { body: { email: `${key}@example.com`, name: key }, headers: keyed(key) }),
    );
    expectOneOrderAKey(replies);
  }, 60_000);

  test('1,000 parallel sign-ups of one e-mail in mixed case make exactly one user, and the others are told that it is taken', async () => {
    const random = seededRandom(5);
    const crowd = createLoadClient(shop.users.url, 1_000);
    const emails = Array.from({ length: 1_000 }, () => mixedCase('The.Same.Person@Example.com', random));
    const replies = await inParallel(emails, 1_000, (email) => crowd.call('POST', '/api/v1/users', { body: { email, name: 'Crowd' } }));
    crowd.close();
    expect(tally(replies.map((reply) => `${reply.status} ${reply.body.code ?? ''}`.trim()))).toEqual({ '201': 1, '409 email_taken': 999 });
    const found = await shop.userClient.call('GET', '/api/v1/users?email=the.same.person@example.com');
    expect(found.body.items).toHaveLength(1);
  }, 60_000);

  test('the same key with another payload is 422, and the first answer stays', async () => {
    const userId = await shop.signUp();
    const post = (quantity: number) =>
      shop.orderClient.call('POST', '/api/v1/orders', { body: { user_id: userId, product_id: 'p', quantity }, headers: keyed('mismatch') });
    const first = await post(1);
    const other = await post(2);
    const again = await post(1);
    expect([first.status, other.status, again.status]).toEqual([201, 422, 201]);
    expect(other.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  test('the same payload written differently is the same request', async () => {
    const userId = await shop.signUp();
    const post = (body: unknown) => shop.orderClient.call('POST', '/api/v1/orders', { body, headers: keyed('same-payload') });
    const first = await post({ user_id: userId, items: [{ product_id: '7', quantity: 1 }] });
    const again = await post({ items: [{ quantity: 1, product_id: '7' }], user_id: userId });
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  test('a 404 is stored and replayed, even after the user has come to exist', async () => {
    const nextId = (await shop.signUp()) + 1;
    const post = (key: string) =>
      shop.orderClient.call('POST', '/api/v1/orders', { body: { user_id: nextId, product_id: 'p', quantity: 1 }, headers: keyed(key) });
    const first = await post('unknown-user');
    expect([first.status, first.body.code]).toEqual([404, 'user_not_found']);
    expect(await shop.signUp()).toBe(nextId);
    const again = await post('unknown-user');
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([404, 'true']);
    expect(again.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect((await post('known-user')).status).toBe(201);
  });

  test('a 409 is stored and replayed, even after the e-mail has become free', async () => {
    const body = { email: 'taken@example.com', name: 'Taken' };
    const post = (key: string) => shop.userClient.call('POST', '/api/v1/users', { body, headers: keyed(key) });
    const holder = await post('holder');
    const first = await post('late');
    expect([first.status, first.body.code]).toEqual([409, 'email_taken']);
    expect((await shop.userClient.call('DELETE', `/api/v1/users/${holder.body.id}`)).status).toBe(204);
    const again = await post('late');
    expect([again.status, again.body.code, again.headers['idempotency-replayed']]).toEqual([409, 'email_taken', 'true']);
    expect((await post('fresh')).status).toBe(201);
  });

  test('a 422 is not stored: the corrected retry wins', async () => {
    const userId = await shop.signUp();
    const post = (quantity: number) =>
      shop.orderClient.call('POST', '/api/v1/orders', { body: { user_id: userId, product_id: 'p', quantity }, headers: keyed('corrected') });
    expect((await post(0)).status).toBe(422);
    expect((await post(0)).headers['idempotency-replayed']).toBeUndefined();
    const corrected = await post(1);
    expect([corrected.status, corrected.headers['idempotency-replayed']]).toEqual([201, undefined]);
  });

  test('a 503 is not stored: the retry wins once user-service is back', async () => {
    const { PORT: _, ...ordersEnv } = shop.ordersEnv;
    const users = await startService('user-service', await shop.databases.fresh('user-service'));
    const orders = await startService('order-service', {
      ...ordersEnv,
      ...(await shop.databases.fresh('order-service')),
      USER_SERVICE_URL: users.url,
    });
    const userClient = createLoadClient(users.url, 5);
    const orderClient = createLoadClient(orders.url, 5);
    const signedUp = await userClient.call('POST', '/api/v1/users', { body: { email: 'back@example.com', name: 'Back' } });
    const post = () =>
      orderClient.call('POST', '/api/v1/orders', { body: { user_id: signedUp.body.id, product_id: 'p', quantity: 1 }, headers: keyed('peer-down') });
    users.child.kill('SIGSTOP');
    const first = await post();
    expect([first.status, first.body.code]).toEqual([503, 'user_service_unavailable']);
    expect(first.headers['retry-after']).toMatch(/^\d+$/);
    users.child.kill('SIGCONT');
    let last = first;
    await eventually('the retry is answered 201', 10_000, async () => (last = await post()).status === 201, 200);
    expect(last.headers['idempotency-replayed']).toBeUndefined();
    expect(await readWholeList(orderClient, '/api/v1/orders')).toHaveLength(1);
    userClient.close();
    orderClient.close();
    await Promise.all([users.kill(), orders.kill()]);
  }, 60_000);
});

interface Post {
  readonly key: string;
  readonly reply: Reply;
}

/** Blocks of four keys, shuffled, so that a key's POSTs really meet; the last five of each key come at the very end. */
function stormKeys(prefix: string): string[] {
  const random = seededRandom(KEYS);
  const keys = Array.from({ length: KEYS }, (_, index) => `${prefix}-${index}`);
  const late = keys.flatMap((key) => Array.from({ length: 5 }, () => key));
  const blocks: string[] = [];
  for (let start = 0; start < KEYS; start += 4) {
    const block = keys.slice(start, start + 4).flatMap((key) => Array.from({ length: POSTS_A_KEY - 5 }, () => key));
    blocks.push(...shuffled(block, random));
  }
  return [...blocks, ...shuffled(late, random)];
}

function storm(keys: readonly string[], post: (key: string) => Promise<Reply>): Promise<Post[]> {
  return inParallel(keys, AT_ONCE, async (key) => ({ key, reply: await post(key) }));
}

function orderOf(userId: number, key: string): unknown {
  return { user_id: userId, items: [{ product_id: 'p-1', product_name: key, quantity: 3, price: 9.99 }], shipping_address: '1 Quay Street' };
}

function keyed(key: string): Record<string, string> {
  return { 'idempotency-key': `"${key}"` };
}

function kindOf(reply: Reply): string {
  if (reply.status === 201) return reply.headers['idempotency-replayed'] === 'true' ? 'replayed' : 'created';
  if (reply.status === 409 && /^\d+$/.test(reply.headers['retry-after'] ?? '')) return 'in progress';
  return `unexpected ${reply.status}: ${JSON.stringify(reply.body)}`;
}

function expectOneOrderAKey(posts: readonly Post[]): void {
  const unexpected = posts.map(({ reply }) => kindOf(reply)).filter((found) => found.startsWith('unexpected'));
  expect(unexpected).toEqual([]);
  const byKey = Map.groupBy(posts, ({ key }) => key);
  for (const [key, ofKey] of byKey) {
    const made = ofKey.filter(({ reply }) => reply.status === 201);
    expect({ key, created: made.filter(({ reply }) => kindOf(reply) === 'created').length }).toEqual({ key, created: 1 });
    for (const { reply } of made) {
      expect(reply.body).toEqual(made[0]?.reply.body);
      expect(reply.headers.location).toBe(made[0]?.reply.headers.location);
    }
  }
}

function mixedCase(text: string, random: () => number): string {
  return [...text].map((letter) => (random() < 0.5 ? letter.toUpperCase() : letter.toLowerCase())).join('');
}
