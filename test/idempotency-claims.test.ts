import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import { createLoadClient, eventually, inParallel, type LoadClient, type Reply, sayMeasured, tally } from '../services/service-kit/testing/load-client';
import { readWholeList } from '../services/service-kit/testing/shop';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

/** How long a claim holds on PostgreSQL: docs/write-path.md. */
const CLAIM_MS = 8_000;

const onPostgres = storesUnderTest().includes('postgres');
const title = onPostgres
  ? 'two order-services on one PostgreSQL database'
  : 'two order-services on one PostgreSQL database (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';

(onPostgres ? describe : describe.skip)(title, () => {
  let databases: Databases;
  let peer: Peer;
  let env: Record<string, string>;
  let first: Instance;
  let second: Instance;

  beforeAll(async () => {
    databases = await openDatabases('postgres');
    peer = await startPeer();
    env = { ...(await databases.fresh('order-service')), USER_SERVICE_URL: peer.url, LOG_LEVEL: 'warn' };
    first = await startInstance(env);
    second = await startInstance(env);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([first, second].map((instance) => instance?.end()));
    await peer?.close();
    await databases?.dispose();
  }, 30_000);

  test('the same keys at both make one order a key', async () => {
    const keys = Array.from({ length: 2_000 }, (_, index) => `both-${Math.floor(index / 20)}`);
    let turn = 0;
    const replies = await inParallel(keys, 50, async (key) => ({ key, reply: await post([first, second][turn++ % 2] as Instance, key) }));
    const unexpected = replies.filter(({ reply }) => reply.status !== 201 && !(reply.status === 409 && reply.headers['retry-after']));
    expect(unexpected).toEqual([]);
    for (const [key, ofKey] of Map.groupBy(replies, (each) => each.key)) {
      const ids = new Set(ofKey.filter(({ reply }) => reply.status === 201).map(({ reply }) => reply.body.id));
      expect({ key, orders: ids.size }).toEqual({ key, orders: 1 });
    }
    expect(await ordersOf(second, 'both-')).toHaveLength(100);
    sayMeasured('one key at two processes', { posts: keys.length, answers: tally(replies.map(({ reply }) => reply.status)), orders: 100 });
  }, 60_000);

  test('the claim of an owner that was killed is free within 10 s, and makes one order', async () => {
    peer.hold();
    const doomed = post(first, 'killed').catch(() => undefined);
    await peer.asked();
    await first.process.kill();
    peer.release();
    expect(await doomed).toBeUndefined();
    expect((await post(second, 'killed')).status).toBe(409);
    const freeAfterMs = await eventually('the key is free', 10_000, async () => (await post(second, 'killed')).status === 201, 100);
    expect(await ordersOf(second, 'killed')).toHaveLength(1);
    sayMeasured('claim of a killed owner', { freeAfterMs });
    first.client.close();
    first = await startInstance(env);
  }, 60_000);

  test('an owner whose claim was taken over writes nothing (red without the token in the statement that keeps the answer)', async () => {
    peer.hold();
    const owner = post(first, 'taken-over');
    await peer.asked();
    await databases.query(env, "UPDATE idempotency_keys SET token = '00000000-0000-4000-8000-000000000000' WHERE key LIKE '%taken-over%'");
    peer.release();
    const reply = await owner;
    expect([reply.status, reply.headers['retry-after']]).toEqual([409, expect.stringMatching(/^\d+$/)]);
    expect(await ordersOf(second, 'taken-over')).toEqual([]);
  }, 30_000);

  test('an owner that slept past its claim while it asked for the user writes no second order', async () => {
    peer.hold();
    const sleeper = settled(post(first, 'asleep-at-peer'));
    await peer.asked();
    first.process.child.kill('SIGSTOP');
    peer.release();
    await sleep(CLAIM_MS + 500);
    const taken = await post(second, 'asleep-at-peer');
    expect(taken.status).toBe(201);
    first.process.child.kill('SIGCONT');
    expectNoOtherOrder(await sleeper, taken);
    await expectReplayed(second, 'asleep-at-peer', taken);
  }, 60_000);

  test('an owner that slept past its claim in the middle of its write writes no second order', async () => {
    const table = await ordersTable(databases, env);
    const unlock = await lockTable(databases, env, table);
    const sleeper = settled(post(first, 'asleep-in-write'));
    await sleep(300);
    first.process.child.kill('SIGSTOP');
    await unlock();
    await sleep(CLAIM_MS + 500);
    let taken: Reply | undefined;
    await eventually('the other process has an answer', 4_000, async () => (taken = await post(second, 'asleep-in-write')).status === 201, 100);
    first.process.child.kill('SIGCONT');
    expectNoOtherOrder(await sleeper, taken as Reply);
    await expectReplayed(second, 'asleep-in-write', taken as Reply);
  }, 60_000);

  test('an owner put to sleep at random moments under load writes no second order', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `asleep-${index}`);
    const sleepers = inParallel(keys, 40, (key) => settled(post(first, key)));
    await sleep(60);
    first.process.child.kill('SIGSTOP');
    await sleep(CLAIM_MS + 200);
    const taken = await inParallel(keys, 20, async (key) => {
      let reply: Reply | undefined;
      await eventually(`${key} is answered`, 10_000, async () => (reply = await post(second, key)).status === 201, 200);
      return reply as Reply;
    });
    first.process.child.kill('SIGCONT');
    const woken = await sleepers;
    woken.forEach((outcome, index) => expectNoOtherOrder(outcome, taken[index] as Reply));
    expect(await ordersOf(second, 'asleep-', /^asleep-\d+$/)).toHaveLength(keys.length);
    sayMeasured('a paused owner', {
      keys: keys.length,
      answersAfterWaking: tally(woken.map((outcome) => ('status' in outcome ? outcome.status : 'error'))),
    });
  }, 90_000);
});

interface Instance {
  readonly process: ServiceProcess;
  readonly client: LoadClient;
  end(): Promise<void>;
}

async function startInstance(env: Record<string, string>): Promise<Instance> {
  const process = await startService('order-service', env);
  const client = createLoadClient(process.url, 50);
  return {
    process,
    client,
    end: async () => {
      client.close();
      await process.kill();
    },
  };
}

function post(instance: Instance, key: string): Promise<Reply> {
  const body = { user_id: 1, items: [{ product_id: 'p', product_name: key, quantity: 2, price: 1.5 }] };
  return instance.client.call('POST', '/api/v1/orders', { body, headers: { 'idempotency-key': `"${key}"` }, timeoutMs: 30_000 });
}

function settled(call: Promise<Reply>): Promise<Reply | Error> {
  return call.catch((error: Error) => error);
}

async function ordersOf(instance: Instance, prefix: string, pattern = new RegExp(`^${prefix}`)): Promise<unknown[]> {
  const orders = await readWholeList(instance.client, '/api/v1/orders');
  return orders.filter((order) => pattern.test(order.items[0]?.product_name ?? ''));
}

/** The sleeper may have been too late, told to come back, or given the order that is there; 408 when it slept longer than a request may take to arrive. */
function expectNoOtherOrder(outcome: Reply | Error, taken: Reply): void {
  if (!('status' in outcome)) throw new Error('the sleeper gave no answer', { cause: outcome });
  expect([201, 408, 409, 503]).toContain(outcome.status);
  if (outcome.status === 201) expect(outcome.body).toEqual(taken.body);
}

/** The sleeper, when it gave up, must not have released or overwritten what the other stored. */
async function expectReplayed(instance: Instance, key: string, taken: Reply): Promise<void> {
  const again = await post(instance, key);
  expect([again.status, again.headers['idempotency-replayed']]).toEqual([201, 'true']);
  expect(again.body).toEqual(taken.body);
  expect(await ordersOf(instance, key, new RegExp(`^${key}$`))).toHaveLength(1);
}

async function ordersTable(databases: Databases, env: Record<string, string>): Promise<string> {
  const found = await databases.query(
    env,
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'shipping_address'",
  );
  return String(found[0]?.['table_name']);
}

/** Holds the table until the returned function is called. */
async function lockTable(databases: Databases, env: Record<string, string>, table: string): Promise<() => Promise<void>> {
  const session = await databases.session(env);
  await session.query(`BEGIN; LOCK TABLE "${table}" IN SHARE MODE`);
  return () => session.end();
}

interface Peer {
  readonly url: string;
  /** Answers nothing until {@link release}. */
  hold(): void;
  release(): void;
  /** Resolves when a request waits. */
  asked(): Promise<void>;
  close(): Promise<void>;
}

/** A user-service where every user exists. */
async function startPeer(): Promise<Peer> {
  let gate = Promise.withResolvers<void>();
  let arrival = Promise.withResolvers<void>();
  gate.resolve();
  const server: Server = createServer((request, response) => {
    arrival.resolve();
    const id = Number(request.url?.split('/').at(-1));
    const time = '2026-01-01T00:00:00.000Z';
    response.setHeader('content-type', 'application/json');
    const user = { id, email: 'peer@example.com', name: 'Peer', age: null, created_at: time, updated_at: time };
    void gate.promise.then(() => response.end(JSON.stringify(user)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => {
      gate = Promise.withResolvers();
      arrival = Promise.withResolvers();
    },
    release: () => gate.resolve(),
    asked: () => arrival.promise,
    close: async () => {
      gate.resolve();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
