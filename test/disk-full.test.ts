import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import {
  createLoadClient,
  eventually,
  inParallel,
  type JsonBody,
  type LoadClient,
  type Reply,
  sayMeasured,
  tally,
} from '../services/service-kit/testing/load-client';
import { startPostgres } from '../services/service-kit/testing/postgres-server';
import { readWholeList } from '../services/service-kit/testing/shop';
import { canMount, mountSmallDisk, type SmallDisk, smallDiskMissing } from '../services/service-kit/testing/small-disk';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const HEALED_WITHIN_MS = 10_000;
/** Room that the store has already taken lets some writes through on a full disk; by then it is used up. */
const FULL_AFTER_WRITES = 20_000;

const mountable = canMount();
const title = mountable ? 'on a full disk, with %s' : `on a full disk, with %s (skipped: ${smallDiskMissing})`;

(mountable ? describe : describe.skip).each(storesUnderTest())(title, (kind) => {
  let place: Place;
  let service: ServiceProcess;
  let client: LoadClient;
  const acknowledged = new Map<number, JsonBody>();

  beforeAll(async () => {
    place = await (kind === 'sqlite' ? sqlitePlace() : postgresPlace());
    service = await startService('user-service', { ...place.env, LOG_LEVEL: 'fatal' });
    client = createLoadClient(service.url, 20);
    await write(client, 200, acknowledged);
  }, 60_000);
  afterAll(async () => {
    client?.close();
    await service?.kill();
    await place?.dispose();
  }, 30_000);

  test('writes are 507, reads 200, it says degraded and stays ready and live, and is healed within 10 s of space with no restart', async () => {
    const pid = service.pid;
    for (let round = 1; round <= 3; round++) {
      await place.disk.fill();
      const accepted = await writeUntilRefused(client, acknowledged);
      const replies = await write(client, 100, acknowledged);
      const refused = replies.filter((reply) => reply.status !== 201);
      expect(tally(refused.map((reply) => `${reply.status} ${reply.body.code}`))).toEqual({ '507 insufficient_storage': refused.length });
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]?.headers['content-type']).toMatch(/^application\/problem\+json/);
      await expectChangesRefused(client, acknowledged);
      await expectReadsWork(client);
      await expectDegraded(client);
      await place.disk.free();
      const healedMs = await eventually('it is healed', HEALED_WITHIN_MS, () => isHealed(client, acknowledged));
      expect(service.child.exitCode).toBeNull();
      expect(service.pid).toBe(pid);
      sayMeasured(`disk full on ${kind}, round ${round}`, { acceptedBeforeFull: accepted, refused: refused.length, healedMs });
    }
    await expectNothingLost(client, acknowledged);
    expect(await place.faults()).toEqual([]);
  }, 120_000);

  test('without a write that comes by it stays degraded while the disk is full and says healed within 10 s of space, each time', async () => {
    for (let round = 1; round <= 2; round++) {
      await place.disk.fill();
      await writeUntilRefused(client, acknowledged);
      await eventually(`ready says degraded in round ${round}`, 2_000, async () => (await readiness(client)) === 'degraded', 200);
      await sleep(1_500);
      expect(await readiness(client)).toBe('degraded');
      await place.disk.free();
      await eventually(`ready says ok in round ${round}`, HEALED_WITHIN_MS, async () => (await readiness(client)) === 'ok', 200);
    }
  }, 60_000);

  test('power check: a request that failed on the full disk is not there, and its key makes one user once there is space', async () => {
    await place.disk.fill();
    await writeUntilRefused(client, acknowledged);
    const post = () => client.call('POST', '/api/v1/users', { body: bigUser('kept-key'), headers: { 'idempotency-key': '"kept-key"' } });
    let refused = await post();
    for (let tries = 0; refused.status === 201 && tries < 50; tries++) refused = await post();
    expect(refused.status).toBe(507);
    await place.disk.free();
    let made = refused;
    await eventually('the retry wins', HEALED_WITHIN_MS, async () => (made = await post()).status === 201);
    expect(made.headers['idempotency-replayed']).toBeUndefined();
    acknowledged.set(made.body.id, made.body);
    await expectNothingLost(client, acknowledged);
  }, 60_000);
});

/** A database on a small disk. */
interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly disk: SmallDisk;
  /** What the store itself finds wrong with the database. */
  faults(): Promise<unknown[]>;
  dispose(): Promise<void>;
}

async function sqlitePlace(): Promise<Place> {
  const disk = await mountSmallDisk(12);
  const path = join(disk.folder, 'users.db');
  return {
    env: { USER_DB_PATH: path },
    disk,
    faults: () => Promise.resolve(sqliteFaults(path)),
    dispose: () => disk.dispose(),
  };
}

function sqliteFaults(path: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    const integrity = database.pragma('integrity_check') as { integrity_check: string }[];
    return [...integrity.filter((row) => row.integrity_check !== 'ok'), ...(database.pragma('foreign_key_check') as unknown[])];
  } finally {
    database.close();
  }
}

/** Only the tables lie on the small disk: a full disk under the server's log stops the whole server instead. */
async function postgresPlace(): Promise<Place> {
  const server = await startPostgres();
  const disk = await mountSmallDisk(24, server.owner);
  await server.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
  await server.query('CREATE DATABASE on_small TABLESPACE small');
  const url = server.adminUrl.replace(/\/postgres$/, '/on_small');
  return {
    env: { DATABASE_URL: url },
    disk,
    faults: async () => {
      await server.query('CREATE EXTENSION IF NOT EXISTS amcheck', url);
      await server.query("SELECT bt_index_check(c.oid, true) FROM pg_class c WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace", url);
      return [];
    },
    dispose: async () => {
      await server.dispose();
      await disk.dispose();
    },
  };
}

let people = 0;

/** Long values, so that the store needs new pages soon. */
function bigUser(label: string): Record<string, unknown> {
  return { email: `${label}.${'x'.repeat(50)}@${'y'.repeat(60)}.example.com`, name: label.padEnd(250, 'n') };
}

async function write(client: LoadClient, count: number, acknowledged: Map<number, JsonBody>): Promise<Reply[]> {
  const replies = await inParallel(Array.from({ length: count }), 20, () => client.call('POST', '/api/v1/users', { body: bigUser(`person${++people}`) }));
  for (const reply of replies) if (reply.status === 201) acknowledged.set(reply.body.id, reply.body);
  return replies;
}

/** Until a crowd and a single write are all refused; gives how many still went through. */
async function writeUntilRefused(client: LoadClient, acknowledged: Map<number, JsonBody>): Promise<number> {
  let accepted = 0;
  while (accepted < FULL_AFTER_WRITES) {
    const replies = await write(client, 100, acknowledged);
    accepted += replies.filter((reply) => reply.status === 201).length;
    if (replies.every((reply) => reply.status !== 201) && (await write(client, 1, acknowledged))[0]?.status !== 201) return accepted;
  }
  throw new Error(`${accepted} writes went through on a full disk`);
}

/** A change is 507, or goes through where the store had room left; nothing else. */
async function expectChangesRefused(client: LoadClient, acknowledged: Map<number, JsonBody>): Promise<void> {
  const ids = [...acknowledged.keys()].slice(0, 100);
  const replies = await inParallel(ids, 10, async (id) => {
    const reply = await client.call('PUT', `/api/v1/users/${id}`, { body: { name: 'renamed'.padEnd(250, 'r') } });
    if (reply.status === 200) acknowledged.set(id, reply.body);
    return reply;
  });
  expect(replies.map((reply) => reply.status).filter((status) => status !== 507 && status !== 200)).toEqual([]);
}

async function expectReadsWork(client: LoadClient): Promise<void> {
  const replies = await inParallel(Array.from({ length: 100 }), 20, () => client.call('GET', '/api/v1/users?limit=5'));
  expect(tally(replies.map((reply) => reply.status))).toEqual({ '200': 100 });
  expect((await client.call('GET', '/api/v1/users/1')).status).toBe(200);
}

/** A look at the store is reused for half a second, so the word may come a little late. */
async function expectDegraded(client: LoadClient): Promise<void> {
  await eventually('ready says degraded', 2_000, async () => (await readiness(client)) === 'degraded');
  const ready = await client.call('GET', '/health/ready');
  expect([ready.status, ready.body.checks.database.status]).toEqual([200, 'degraded']);
  expect((await client.call('GET', '/health/live')).status).toBe(200);
}

async function readiness(client: LoadClient): Promise<string> {
  return String((await client.call('GET', '/health/ready')).body.status);
}

async function isHealed(client: LoadClient, acknowledged: Map<number, JsonBody>): Promise<boolean> {
  const replies = await write(client, 1, acknowledged);
  const ready = await client.call('GET', '/health/ready');
  return replies[0]?.status === 201 && ready.status === 200 && ready.body.status === 'ok';
}

async function expectNothingLost(client: LoadClient, acknowledged: Map<number, JsonBody>): Promise<void> {
  const rows = new Map((await readWholeList(client, '/api/v1/users')).map((row) => [row.id, row]));
  const lost = [...acknowledged.values()].filter((made) => JSON.stringify(rows.get(made.id)) !== JSON.stringify(made));
  expect(lost).toEqual([]);
}
