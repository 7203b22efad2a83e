import { setTimeout as sleep } from 'node:timers/promises';
import { type Databases, openDatabases, type ServiceName } from '../services/service-kit/testing/databases';
import { type HttpStub, jsonAnswer, startHttpStub } from '../services/service-kit/testing/http-stub';
import { createLoadClient, eventually, sayMeasured } from '../services/service-kit/testing/load-client';
import { bundleOf } from '../services/service-kit/testing/service-process';
import { readWholeList } from '../services/service-kit/testing/shop';
import { storesUnderTest } from '../services/service-kit/testing/stores';
import { breaking, buildNextRelease, expanding, migrate, type Release, startRelease } from './next-release';
import { type ReleaseLoad, startReleaseLoad } from './release-load';

const services: readonly ServiceName[] = ['user-service', 'order-service'];
const tableOf = { 'user-service': 'users', 'order-service': 'orders' } as const;
const stores = storesUnderTest();

let userService: HttpStub;
beforeAll(async () => {
  userService = await startHttpStub(({ url }) => jsonAnswer(200, { id: Number(url.split('/').at(-1)) }));
});
afterAll(() => userService.close());

/** Both processes show every row as it was last answered. */
async function expectAllRead(name: ServiceName, load: ReleaseLoad, ...urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const client = createLoadClient(url);
    const rows = new Map(((await readWholeList(client, `/api/v1/${tableOf[name]}`)) as { id: number }[]).map((row) => [row.id, row]));
    client.close();
    const lost = [...load.rows].filter(([id, row]) => JSON.stringify(rows.get(id)) !== JSON.stringify(row));
    expect(lost).toEqual([]);
  }
}

describe.each(services)('%s and its next release', (name) => {
  const old = bundleOf(name);
  let next: Release;
  let broken: Release;

  beforeAll(async () => {
    [next, broken] = await Promise.all([buildNextRelease(name, expanding(name)), buildNextRelease(name, breaking(name))]);
  }, 120_000);
  afterAll(() => {
    next?.remove();
    broken?.remove();
  });

  const withDatabase = async (store: 'sqlite' | 'postgres', work: (env: Record<string, string>, databases: Databases) => Promise<void>) => {
    const databases = await openDatabases(store);
    try {
      await work({ ...(await databases.fresh(name)), USER_SERVICE_URL: userService.url }, databases);
    } finally {
      await databases.dispose();
    }
  };
  const notes = async (databases: Databases, env: Record<string, string>) => {
    const rows = await databases.query(env, `SELECT note IS NULL AS empty, count(*) AS count FROM ${tableOf[name]} GROUP BY 1`);
    return Object.fromEntries(rows.map(({ empty, count }) => [empty ? 'empty' : 'next', Number(count)]));
  };

  const sqlite = stores.includes('sqlite') ? it : it.skip;
  const postgres = stores.includes('postgres') ? it : it.skip;
  const onPostgres = (title: string) =>
    stores.includes('postgres') ? title : `${title} (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)`;

  postgres(
    onPostgres('run together on one PostgreSQL database, over migration and rollout, with nothing failed and each reading what the other wrote'),
    async () => {
      await withDatabase('postgres', async (env, databases) => {
        const [first, second] = [await startRelease(old, env), await startRelease(old, env)];
        const load = startReleaseLoad(name, first.url, second.url);
        await load.runFor(1_500);
        await migrate(next.bundle, env);
        await load.runFor(1_000);
        const third = await startRelease(next.bundle, { ...env, MIGRATE_ON_START: 'false' });
        load.aimAt(first.url, second.url, third.url);
        await load.runFor(2_000);
        load.aimAt(second.url, third.url);
        await sleep(300);
        expect(await first.stop()).toBe(0);
        // The release before starts anew on the newer schema, as after a node's failure or a rollback.
        const fourth = await startRelease(old, env);
        load.aimAt(second.url, third.url, fourth.url);
        await load.runFor(1_500);
        await load.end();

        expect(load.failures).toEqual([]);
        expect(load.calls).toBeGreaterThan(300);
        await expectAllRead(name, load, second.url, third.url, fourth.url);
        const written = await notes(databases, env);
        expect([written['empty']! > 0, written['next']! > 0]).toEqual([true, true]);
        sayMeasured(`${name} N-1 and N on one PostgreSQL database`, { calls: load.calls, failed: load.failures.length, rows: written });
        await Promise.all([second, third, fourth].map((process) => process.stop()));
      });
    },
    60_000,
  );

  postgres(
    onPostgres('of which the next is live and not ready until the schema that it needs is there, and then ready without a restart'),
    async () => {
      await withDatabase('postgres', async (env) => {
        await migrate(old, env);
        const process = await startRelease(next.bundle, { ...env, MIGRATE_ON_START: 'false' }, { waitReady: false });
        await eventually('the database is looked at', 5_000, async () => (await process.ready()).text.includes('schema'));
        const before = await process.ready();
        expect([before.status, before.text]).toEqual([503, expect.stringContaining(`${next.schema - 1}, needed is ${next.schema}`)]);
        expect((await fetch(`${process.url}/health/live`)).status).toBe(200);
        await migrate(next.bundle, env);
        await eventually('it is ready', 5_000, async () => (await process.ready()).status === 200);
        expect((await fetch(`${process.url}/api/v1/${tableOf[name]}`)).status).toBe(200);
        await process.stop();
      });
    },
    60_000,
  );

  sqlite(
    'take turns on one SQLite file, old after new too, with nothing failed and each reading what the other wrote',
    async () => {
      await withDatabase('sqlite', async (env, databases) => {
        let calls = 0;
        const loads: ReleaseLoad[] = [];
        for (const bundle of [old, next.bundle, old, next.bundle]) {
          const process = await startRelease(bundle, env);
          for (const earlier of loads) await expectAllRead(name, earlier, process.url);
          const load = startReleaseLoad(name, process.url);
          await load.runFor(1_000);
          await load.end();
          expect(load.failures).toEqual([]);
          expect(await process.stop()).toBe(0);
          loads.push(load);
          calls += load.calls;
        }
        const written = await notes(databases, env);
        expect([written['empty']! > 0, written['next']! > 0]).toEqual([true, true]);
        sayMeasured(`${name} N-1 and N in turn on one SQLite file`, { calls, failed: 0, rows: written });
      });
    },
    60_000,
  );

  it.each(stores)(
    'would be caught on %s if the next took a column away that the old one uses',
    async (store) => {
      await withDatabase(store, async (env) => {
        await migrate(old, env);
        await migrate(broken.bundle, env);
        const process = await startRelease(old, env);
        const load = startReleaseLoad(name, process.url);
        await load.runFor(500);
        await load.end();
        expect(load.failures.length).toBeGreaterThan(0);
        await process.stop();
      });
    },
    60_000,
  );
});
