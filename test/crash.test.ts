import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { openDatabases, type Databases, type ServiceName, sqlitePath } from '../services/service-kit/testing/databases';
import { createLedger, type Ledger, type Subject } from '../services/service-kit/testing/ledger';
import { createLoadClient, type LoadClient, sayMeasured, seededRandom } from '../services/service-kit/testing/load-client';
import { readWholeList } from '../services/service-kit/testing/shop';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const stores = storesUnderTest();
/** Kills a store: 100 in all in CI, 1,000 each by BERTH_FULL=1, any number each by CRASH_RUNS. */
const KILLS = Number(process.env['CRASH_RUNS'] ?? (process.env['BERTH_FULL'] === '1' ? 1_000 : 100 / stores.length));
/** Whole comparisons of what was acknowledged with what is there, evenly spread over the kills. */
const COMPARISONS = Math.max(2, Math.floor(KILLS / 200));
const WRITERS = 6;
/** A claim whose owner died is free within 10 s (spec); the rest is for the retries themselves. */
const SETTLED_WITHIN_MS = 15_000;

describe.each(stores)('kill -9 of the writing services on %s', (kind) => {
  let databases: Databases;
  let victims: Record<ServiceName, Victim>;
  beforeAll(async () => {
    databases = await openDatabases(kind);
    const users = await startVictim(databases, 'user-service', {});
    const orders = await startVictim(databases, 'order-service', { USER_SERVICE_URL: users.process.url });
    victims = { 'user-service': users, 'order-service': orders };
  }, 60_000);
  afterAll(async () => {
    await Promise.all(Object.values(victims ?? {}).map((victim) => victim.end()));
    await databases?.dispose();
  }, 30_000);

  test(
    `${KILLS} times loses nothing acknowledged, leaves no half order, no second order for a key, and a sound store`,
    async () => {
      const { 'user-service': users, 'order-service': orders } = victims;
      const buyer = await users.client.call('POST', '/api/v1/users', { body: { email: 'buyer@example.com', name: 'Buyer' } });
      const ledgers = { 'user-service': createLedger(people, users.client), 'order-service': createLedger(baskets(buyer.body.id), orders.client) };
      const random = seededRandom(7);
      const restartsMs: number[] = [];
      let kills = 0;
      let round = 0;
      for (let comparison = 1; comparison <= COMPARISONS; comparison++) {
        for (const ledger of Object.values(ledgers)) ledger.write(WRITERS);
        while (kills < (KILLS * comparison) / COMPARISONS) {
          await sleep(5 + random() * 100);
          // both at once now and then: whatever the one was told by the other is gone too
          const fallen = [[users], [orders], [users, orders]][Math.floor(random() * 3)] as Victim[];
          await Promise.all(fallen.map((victim) => victim.process.kill()));
          if (round++ % 10 === 0) for (const victim of fallen) expect(await soundness(databases, victim)).toEqual([]);
          restartsMs.push(...(await Promise.all(fallen.map((victim) => victim.restart()))));
          kills += fallen.length;
        }
        for (const ledger of Object.values(ledgers)) await ledger.rest(SETTLED_WITHIN_MS);
        for (const victim of [users, orders]) expect(await faultsOf(ledgers[victim.name], victim)).toEqual([]);
      }
      const [madeUsers, madeOrders] = [ledgers['user-service'].entries.size, ledgers['order-service'].entries.size];
      sayMeasured(`kill -9 on ${kind}`, {
        kills,
        users: madeUsers,
        orders: madeOrders,
        lost: 0,
        restartMedianMs: restartsMs.sort((a, b) => a - b)[Math.floor(kills / 2)],
      });
      expect(madeUsers + madeOrders).toBeGreaterThan(KILLS * 2);
    },
    120_000 + KILLS * 4_000,
  );
});

interface Victim {
  readonly name: ServiceName;
  readonly env: Readonly<Record<string, string>>;
  readonly client: LoadClient;
  process: ServiceProcess;
  /** Starts it again on its port; gives the milliseconds until it was ready. */
  restart(): Promise<number>;
  end(): Promise<void>;
}

async function startVictim(databases: Databases, name: ServiceName, env: Record<string, string>): Promise<Victim> {
  const own = { ...(await databases.fresh(name)), ...env, LOG_LEVEL: 'warn' };
  const first = await startService(name, own);
  const fixed = { ...own, PORT: String(first.port) };
  const client = createLoadClient(first.url, WRITERS);
  const victim: Victim = {
    name,
    env: fixed,
    client,
    process: first,
    restart: async () => {
      const startedAt = performance.now();
      victim.process = await startService(name, fixed);
      return Math.round(performance.now() - startedAt);
    },
    end: async () => {
      client.close();
      await victim.process.kill();
    },
  };
  return victim;
}

const people: Subject = {
  path: '/api/v1/users',
  body: (key) => ({ email: `${key}@example.com`, name: key, age: 30 }),
  keyOf: (user) => user.email.split('@')[0] ?? '',
  changes: 'name',
};

function baskets(userId: number): Subject {
  return {
    path: '/api/v1/orders',
    body: (key) => ({
      user_id: userId,
      items: [1, 2, 3].map((n) => ({ product_id: `${key}-${n}`, product_name: key, quantity: n, price: n + 0.25 })),
    }),
    keyOf: (order) => order.items[0]?.product_name ?? '',
    changes: 'shipping_address',
  };
}

async function faultsOf(ledger: Ledger, victim: Victim): Promise<string[]> {
  const list = await readWholeList(victim.client, victim.name === 'user-service' ? '/api/v1/users' : '/api/v1/orders');
  const halves = list.filter((row) => row.items && !(row.items.length === 3 && row.total === 1.25 + 2 * 2.25 + 3 * 3.25));
  const differences = await ledger.compare(list, 50);
  return [...differences, ...halves.map((row) => `half an order: ${JSON.stringify(row)}`)];
}

/** What SQLite finds wrong in a copy of the files as the kill left them, so that recovery itself stays the service's. */
async function soundness(databases: Databases, victim: Victim): Promise<unknown[]> {
  if (databases.kind === 'postgres') return [];
  const folder = await mkdtemp(join(tmpdir(), 'berth-copy-'));
  const path = sqlitePath(victim.env);
  await cp(dirname(path), folder, { recursive: true });
  const copy = new Database(join(folder, path.slice(dirname(path).length)));
  try {
    const integrity = copy.pragma('integrity_check') as { integrity_check: string }[];
    return [...integrity.filter((row) => row.integrity_check !== 'ok'), ...(copy.pragma('foreign_key_check') as unknown[])];
  } finally {
    copy.close();
    await rm(folder, { recursive: true, force: true });
  }
}
