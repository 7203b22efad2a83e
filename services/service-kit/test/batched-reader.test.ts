import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { BatchedReader } from '../src/store/postgres/batched-reader';
import { KeptClient } from '../src/store/postgres/kept-client';
import { eventually } from '../testing/load-client';
import { type PostgresServer, startPostgres } from '../testing/postgres-server';
import { storesUnderTest } from '../testing/stores';

const onPostgres = storesUnderTest().includes('postgres');
const skipped = onPostgres ? '' : ' (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';
const lanes = 3;

(onPostgres ? describe : describe.skip)(`look-ups in batches${skipped}`, () => {
  let postgres: PostgresServer;
  let url: string;
  let reader: BatchedReader;
  const connected = () => reader.connections.filter(({ state }) => state !== 'closed').length;
  const query = (sql: string) => postgres.query(sql, url);
  const lookUp = (id: number) => reader.first({ label: 'things.find', sql: 'SELECT id, name FROM things WHERE id = $1', parameters: [id] });
  const backends = async () => (await query("SELECT pid FROM pg_stat_activity WHERE application_name = 'lanes'")).map(({ pid }) => Number(pid));

  /** Looks up without a pause, many at once, until the work is done. @returns the SQLSTATEs and messages of what failed */
  async function lookingUpDuring(work: () => Promise<unknown>): Promise<Set<string>> {
    let done = false;
    const faults = new Set<string>();
    const client = async (id: number) => {
      while (!done) {
        try {
          expect(await lookUp(id)).toEqual({ id, name: `thing ${id}` });
        } catch (error) {
          if ((error as Error).name === 'JestAssertionError' || 'matcherResult' in (error as object)) throw error;
          faults.add((error as { code?: string }).code ?? (error as Error).message);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    const clients = Array.from({ length: 60 }, (_, index) => client(index + 1));
    await work();
    done = true;
    await Promise.all(clients);
    return faults;
  }

  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.createDatabase();
    await query("CREATE TABLE things AS SELECT id, 'thing ' || id AS name FROM generate_series(1, 100) AS id");
  }, 60_000);
  beforeEach(() => {
    reader = new BatchedReader({ url, password: undefined, applicationName: 'lanes' }, lanes);
  });
  afterEach(() => reader.close());
  afterAll(() => postgres?.dispose());

  it('are answered right, each its own, over no more connections than there are lanes', async () => {
    const faults = await lookingUpDuring(() => eventually('a connection a lane', 5_000, async () => (await backends()).length === lanes));
    expect([...faults]).toEqual([]);
    expect(connected()).toBe(lanes);
  });

  it('leave no connection behind when theirs are cut again and again', async () => {
    await lookingUpDuring(async () => {
      for (let cut = 0; cut < 40; cut++) {
        await eventually('a connection to cut', 5_000, async () => (await backends()).length > 0);
        await query(`SELECT pg_terminate_backend(${(await backends())[0]})`);
      }
    });
    await Promise.all([1, 2, 3].map(lookUp));
    await eventually('no connection that no lane has', 5_000, async () => (await backends()).length === connected());
  });

  it('that meet a locked table before they were ever prepared fail for the lock and for nothing else', async () => {
    const faults = new Set<string>();
    for (const heldMs of [1_800, 1_950, 2_100]) {
      await reader.close();
      reader = new BatchedReader({ url, password: undefined, applicationName: 'lanes' }, lanes);
      const locked = query(`BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${heldMs / 1_000}); COMMIT`);
      await eventually(
        'the lock',
        5_000,
        async () => (await query("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'things'::regclass")).length === 1,
        5,
      );
      for (const fault of await lookingUpDuring(() => locked)) faults.add(fault);
    }
    expect([...faults].filter((fault) => !['55P03', '57014', '26000'].includes(fault) && !/timeout|terminated|closed|not queryable/i.test(fault))).toEqual([]);
    expect(faults.size).toBeGreaterThan(0);
  }, 60_000);

  it('are asked again once when the connection breaks before their answer', async () => {
    const cuts = [true, false, true, true];
    const cutter = createServer((client) => {
      const upstream = connect(postgres.port, '127.0.0.1');
      client.on('data', (bytes) => {
        if (bytes.includes('FROM things') && cuts.shift()) client.destroy();
        else upstream.write(bytes);
      });
      upstream.on('error', () => client.destroy()).pipe(client);
      client.on('error', () => undefined).on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => cutter.listen(0, '127.0.0.1', resolve));
    const cut = new BatchedReader(
      { url: url.replace(String(postgres.port), String((cutter.address() as AddressInfo).port)), password: undefined, applicationName: 'lanes' },
      1,
    );
    try {
      const query = { label: 'things.find', sql: 'SELECT id, name FROM things WHERE id = $1', parameters: [1] };
      expect(await cut.first(query)).toEqual({ id: 1, name: 'thing 1' });
      await cut.close();
      await expect(cut.first(query)).rejects.toThrow();
      expect(cuts).toEqual([]);
    } finally {
      await cut.close();
      cutter.close();
    }
  });

  it('are not given their whole time again when they are asked again', async () => {
    let asked = 0;
    const cutter = createServer((client) => {
      const upstream = connect(postgres.port, '127.0.0.1');
      client.on('data', (bytes) => {
        if (!bytes.includes('FROM things')) upstream.write(bytes);
        else if (asked++ === 0) void setTimeout(600).then(() => client.destroy());
      });
      upstream.on('error', () => client.destroy()).pipe(client);
      client.on('error', () => undefined).on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => cutter.listen(0, '127.0.0.1', resolve));
    const { port } = cutter.address() as AddressInfo;
    const silent = new BatchedReader({ url: url.replace(String(postgres.port), String(port)), password: undefined, applicationName: 'lanes' }, 1);
    try {
      const startedAt = performance.now();
      const query = { label: 'things.find', sql: 'SELECT id, name FROM things WHERE id = $1', parameters: [1], deadlineMs: 1_000 };
      await expect(silent.first(query)).rejects.toThrow(/did not answer in time/);
      expect(asked).toBe(2);
      expect(performance.now() - startedAt).toBeLessThan(1_400);
    } finally {
      await silent.close();
      cutter.close();
    }
  });

  it('leave a connection that is older than its lifetime for another', async () => {
    const client = new KeptClient({ url, password: undefined, applicationName: 'lanes' }, {}, 50);
    const backend = async () => (await (await client.get()).query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
    const first = await backend();
    expect(await backend()).toBe(first);
    await setTimeout(60);
    const second = await backend();
    expect(second).not.toBe(first);
    await eventually('the old one to end', 5_000, async () => !(await backends()).includes(first));
    await client.close();
  });
});
