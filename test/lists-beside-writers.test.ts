import type { Client } from 'pg';
import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import { createLoadClient, inParallel, type JsonBody, type LoadClient, sayMeasured } from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { readWholeList } from '../services/service-kit/testing/shop';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const path = '/api/v1/users';
let count = 0;

async function signUp(client: LoadClient, headers: Record<string, string> = {}): Promise<number> {
  const { status, body } = await client.call('POST', path, { body: { email: `walked${++count}@example.com`, name: 'Walked' }, headers });
  expect(status).toBe(201);
  return body.id;
}

describe.each(storesUnderTest())('a list on %s', (store) => {
  let databases: Databases;
  let env: Record<string, string>;
  let service: ServiceProcess;
  let client: LoadClient;

  beforeAll(async () => {
    databases = await openDatabases(store);
    env = await databases.fresh('user-service');
    service = await startService('user-service', env);
    client = createLoadClient(service.url);
  }, 60_000);
  afterAll(async () => {
    client?.close();
    await service?.kill();
    await databases?.dispose();
  }, 30_000);

  it('walked by cursor beside 16 writers gives every row once, in order, and shows each writer its own', async () => {
    const startedAt = performance.now();
    const seen: number[] = [];
    let writing = true;
    let blind = 0;
    const made = inParallel(Array.from({ length: 1_600 }), 16, async (_, i = ++count) => {
      const id = await signUp(client, i % 2 === 0 ? { 'idempotency-key': `walked-${i}` } : {});
      if (i % 40 === 0) {
        const { body } = await client.call('GET', `${path}?limit=100${id > 50 ? `&cursor=${id - 50}` : ''}`);
        if (!body.items.some((user) => user.id === id)) blind++;
      }
      return id;
    }).finally(() => (writing = false));
    // Past the end the walk goes on after the last row that it saw, as a client that follows the list does.
    for (let pages = 0, more = true; writing || more; pages++) {
      const cursor = seen.length === 0 ? '' : `&cursor=${seen.at(-1)!}`;
      const { status, body } = await client.call('GET', `${path}?limit=${5 + (pages % 40)}${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.items.map(({ id }: JsonBody) => id));
      more = body.items.length > 0;
    }
    const ids = (await made).sort((a, b) => a - b);
    sayMeasured(`walk beside writers on ${store}`, {
      rows: ids.length,
      missed: ids.filter((id) => !seen.includes(id)).length,
      ms: Math.round(performance.now() - startedAt),
    });
    expect(seen).toEqual(ids);
    expect(blind).toBe(0);
  }, 60_000);

  (store === 'postgres' ? describe : describe.skip)('(PostgreSQL only) beside a transaction that stays open', () => {
    let session: Client;
    let pending: number;
    let own: number[];

    beforeEach(async () => {
      await readWholeList(client, path);
      session = await databases.session(env);
      await session.query('BEGIN');
      const { rows } = await session.query<{ id: string }>(
        `INSERT INTO users (email, email_key, name, created_at, updated_at) VALUES ('p${++count}', 'p${count}', 'Pending', now(), now()) RETURNING id`,
      );
      pending = Number(rows[0]!.id);
      own = [await signUp(client), await signUp(client), await signUp(client)];
    });
    afterEach(() => session.end());

    it('gives out no cursor beyond its rows, in half a second at most, and shows them after its end', async () => {
      const before = await client.call('GET', `${path}?limit=100&cursor=${pending - 10}`);
      expect(before.ms).toBeLessThan(500);
      expect(before.body.items.at(-1)!.id).toBeLessThan(pending);
      const cursor = Number(before.body.next_cursor);
      expect(cursor).toBeLessThan(pending);
      // Any cursor of this page would skip the row.
      const stuck = await client.call('GET', `${path}?limit=2&cursor=${cursor}`);
      expect([stuck.status, stuck.body.code, stuck.headers['retry-after']]).toEqual([503, 'overloaded', expect.any(String)]);
      await session.query('COMMIT');
      const after = await client.call('GET', `${path}?limit=2&cursor=${cursor}`);
      expect(after.body.items.map(({ id }) => id)).toEqual([pending, own[0]]);
    });

    it('still gives the whole walk whatever was acknowledged before it', async () => {
      const walked = (await readWholeList(client, path)).map(({ id }) => id);
      expect(walked).toEqual(expect.arrayContaining(own));
      expect(walked).not.toContain(pending);
    });

    it('does not wait for it where only older rows are asked for, nor for one that has only changed or read rows', async () => {
      for (let i = 0; i < 3; i++) expect((await client.call('GET', `${path}?limit=20`)).ms).toBeLessThan(150);
      await session.query('ROLLBACK');
      await session.query(`BEGIN; UPDATE users SET name = 'Changed' WHERE id = ${own[0]!}`);
      const changed = await client.call('GET', `${path}?limit=100&cursor=${pending - 10}`);
      expect(changed.ms).toBeLessThan(150);
      expect(changed.body.items.map(({ id }) => id)).toEqual(expect.arrayContaining(own));
    });
  });
});
