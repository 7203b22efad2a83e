import { type AddressInfo, connect, createServer } from 'node:net';
import { Client } from 'pg';
import { createMetrics } from '../src/metrics/metrics';
import { openPostgresStore } from '../src/store/postgres/postgres-store';
import { type Query, type Store, type Write } from '../src/store/store';
import { FaultProxy } from '../testing/fault-proxy';
import { eventually } from '../testing/load-client';
import { type PostgresServer, startPostgres } from '../testing/postgres-server';
import { storesUnderTest } from '../testing/stores';

const onPostgres = storesUnderTest().includes('postgres');
const skipped = onPostgres ? '' : ' (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';
const connections = 10;

interface Added {
  readonly id: number;
  /** The transaction that wrote the row. */
  readonly transaction: string;
}

(onPostgres ? describe : describe.skip)(`groups of writes on PostgreSQL${skipped}`, () => {
  let postgres: PostgresServer;
  let url: string;
  let store: Store;
  const sql = (text: string) => postgres.query(text, url);
  const open = (at = url) =>
    openPostgresStore(
      { url: at, password: undefined, applicationName: 'groups' },
      connections,
      createMetrics({ service: 'groups', version: '0', revision: '0' }),
    );
  const insert = (key: string, size = 1): Write<Added | undefined> => ({
    query: {
      label: 'things.insert',
      sql: 'INSERT INTO things (key, size) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING id, xmin::text AS transaction',
      parameters: [key, size],
    },
    result: ([row]) => row as Added | undefined,
    groupable: true,
  });
  const add = (key: string, size?: number, into = store) => into.write(insert(key, size));
  const keys = async () => (await sql('SELECT key FROM things ORDER BY id')).map(({ key }) => String(key));
  const settle = <T>(work: readonly Promise<T>[]) => Promise.allSettled(work);
  const outcome = (result: PromiseSettledResult<unknown>) =>
    result.status === 'fulfilled'
      ? result.value === undefined
        ? 'taken'
        : 'added'
      : ((result.reason as { type?: { code?: string } }).type?.code ?? String(result.reason));

  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.createDatabase();
    await sql('CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, size integer NOT NULL CHECK (size > 0))');
  }, 60_000);
  beforeEach(async () => {
    await sql('TRUNCATE things RESTART IDENTITY');
    store = open();
  });
  afterEach(() => store.close());
  afterAll(() => postgres?.dispose());

  it('are one transaction, and each write gets its own row', async () => {
    const added = await Promise.all(Array.from({ length: 40 }, (_, index) => add(`key ${index}`)));
    expect(new Set(added.map((row) => row?.transaction)).size).toBe(1);
    expect(added.map((row) => row?.id)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(await keys()).toEqual(Array.from({ length: 40 }, (_, index) => `key ${index}`));
  });

  it('hold a taken key, which fails nobody else', async () => {
    await add('taken');
    const results = await settle(['a', 'taken', 'b', 'b', 'c'].map((key) => add(key)));
    expect(results.map(outcome)).toEqual(['added', 'taken', 'added', 'taken', 'added']);
    expect(await keys()).toEqual(['taken', 'a', 'b', 'c']);
  });

  it('that PostgreSQL refuses are undone, and each of their writes succeeds or fails by itself, once', async () => {
    const results = await settle(Array.from({ length: 20 }, (_, index) => add(`key ${index}`, index % 5 === 3 ? -1 : 1)));
    expect(results.map((result, index) => [index % 5 === 3, result.status])).toEqual(
      results.map((_, index) => [index % 5 === 3, index % 5 === 3 ? 'rejected' : 'fulfilled']),
    );
    expect((await keys()).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => index)
        .filter((index) => index % 5 !== 3)
        .map((index) => `key ${index}`)
        .toSorted(),
    );
  });

  it('are answered after their COMMIT, which may still fail', async () => {
    await sql('ALTER TABLE things ADD CONSTRAINT late UNIQUE (size) DEFERRABLE INITIALLY DEFERRED');
    try {
      const results = await settle([add('a', 1), add('b', 2), add('c', 2), add('d', 3)]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
      expect((await keys()).length).toBe(3);
    } finally {
      await sql('ALTER TABLE things DROP CONSTRAINT late');
    }
  });

  it('do not wait for a key that another transaction holds: only whoever wants that key does', async () => {
    await add('warm');
    const holder = new Client(url);
    await holder.connect();
    try {
      await holder.query("BEGIN; INSERT INTO things (key, size) VALUES ('held', 1)");
      const startedAt = performance.now();
      const waiting = add('held');
      const others = await Promise.all(['a', 'b', 'c'].map((key) => add(key)));
      expect(others.every((row) => row !== undefined)).toBe(true);
      // Whoever wants the key gives up after 1 s, the server's lock_timeout.
      expect(performance.now() - startedAt).toBeLessThan(900);
      await holder.query('COMMIT');
      expect(await waiting).toBeUndefined();
    } finally {
      await holder.end();
    }
  });

  it('of two processes that insert the same keys in another order all succeed, one for each key', async () => {
    const other = open();
    try {
      for (let round = 0; round < 10; round++) {
        const names = Array.from({ length: 60 }, (_, index) => `key ${round} ${index}`);
        const startedAt = performance.now();
        const results = await settle([...names.map((key) => add(key)), ...names.toReversed().map((key) => add(key, 1, other))]);
        expect(results.map(outcome).toSorted()).toEqual([...names.map(() => 'added'), ...names.map(() => 'taken')]);
        // PostgreSQL looks for a deadlock after 1 s: nobody waited for that.
        expect(performance.now() - startedAt).toBeLessThan(900);
      }
    } finally {
      await other.close();
    }
  });

  describe('through a network that fails', () => {
    let proxy: FaultProxy;
    let behindProxy: Store;

    beforeEach(async () => {
      proxy = await FaultProxy.start(postgres.port);
      behindProxy = open(url.replace(String(postgres.port), new URL(proxy.url).port));
      await add('first', 1, behindProxy);
      await behindProxy.write({ ...insert('alone'), groupable: false });
    });
    afterEach(async () => {
      await behindProxy.close();
      await proxy.close();
    });

    it('are tried alone when they are refused in a language that nobody reads', async () => {
      const [from, to] = [Buffer.from('SERROR\0'), Buffer.from('SFEHLR\0')];
      const translator = createServer((client) => {
        const upstream = connect(postgres.port, '127.0.0.1');
        client.pipe(upstream).on('error', () => client.destroy());
        upstream.on('data', (bytes) => {
          const at = bytes.indexOf(from);
          if (at >= 0) to.copy(bytes, at);
          client.write(bytes);
        });
        client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      });
      await new Promise<void>((resolve) => translator.listen(0, '127.0.0.1', resolve));
      const translated = open(url.replace(String(postgres.port), String((translator.address() as AddressInfo).port)));
      try {
        const results = await settle(Array.from({ length: 10 }, (_, index) => add(`key ${index}`, index === 3 ? -1 : 1, translated)));
        expect(results.map(({ status }) => status === 'fulfilled')).toEqual(results.map((_, index) => index !== 3));
      } finally {
        await translated.close();
        translator.close();
      }
    });

    it('are not tried again when their answer is lost: they may be there', async () => {
      await proxy.set({ kind: 'reset', at: 'headers' });
      const results = await settle(Array.from({ length: 20 }, (_, index) => add(`key ${index}`, 1, behindProxy)));
      expect(new Set(results.map(outcome))).toEqual(new Set(['database_unavailable']));
      // A second try would have drawn an id more for each.
      expect(await sql('SELECT last_value::integer AS drawn FROM things_id_seq')).toEqual([{ drawn: 22 }]);
      expect(await keys()).toHaveLength(22);
    });

    it('take another connection when theirs went silent for good', async () => {
      await proxy.set({ kind: 'vanish', scope: 'pooled' });
      expect(outcome((await settle([add('lost', 1, behindProxy)]))[0]!)).toBe('database_unavailable');
      expect(outcome((await settle([add('next', 1, behindProxy)]))[0]!)).toBe('added');
    });
  });

  it('whose connection is cut again and again write nothing twice and lose nothing that was answered', async () => {
    let done = false;
    const answered: string[] = [];
    const faults = new Set<string>();
    const writer = async (name: number) => {
      for (let round = 0; !done; round++) {
        const [result] = await settle([add(`${name}-${round}`)]);
        if (outcome(result!) === 'added') answered.push(`${name}-${round}`);
        else faults.add(outcome(result!));
      }
    };
    const writers = Array.from({ length: 40 }, (_, name) => writer(name));
    for (let cut = 0; cut < 30; cut++) {
      await eventually(
        'a group to cut',
        5_000,
        async () => (await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'groups' AND state = 'active'")).length > 0,
        1,
      );
    }
    done = true;
    await Promise.all(writers);
    expect([...faults]).toEqual(['database_unavailable']);
    const kept = new Set(await keys());
    expect(answered.filter((key) => !kept.has(key))).toEqual([]);
    expect(answered.length).toBeGreaterThan(100);
    await add('last');
    await eventually('no connection left behind', 5_000, async () => {
      const [row] = await sql("SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'groups'");
      return Number(row!['n']) <= connections;
    });
  }, 30_000);

  it('that come while COMMIT is slow are refused unwritten, for the database is busy', async () => {
    await sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_setting('groups.slept', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM set_config('groups.slept', txid_current()::text, true), pg_sleep(0.7);
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    try {
      const refused: string[] = [];
      const until = performance.now() + 3_000;
      const writer = async (name: number) => {
        for (let round = 0; performance.now() < until; round++) {
          const [result] = await settle([add(`${name}-${round}`)]);
          if (outcome(result!) !== 'added') refused.push(outcome(result!) === 'overloaded' ? `${name}-${round}` : outcome(result!));
        }
      };
      await Promise.all(Array.from({ length: 150 }, (_, name) => writer(name)));
      const kept = new Set(await keys());
      expect(refused.length).toBeGreaterThan(100);
      expect(refused.filter((key) => kept.has(key) || !key.includes('-'))).toEqual([]);
    } finally {
      await sql('DROP FUNCTION slow CASCADE');
    }
  }, 30_000);

  it('are written again over connections that know of it when the type of a column changes', async () => {
    await Promise.all([add('before'), store.write({ ...insert('alone'), groupable: false })]);
    const find: Query = { label: 'things.size', sql: 'SELECT size FROM things WHERE key = $1', parameters: ['before'] };
    await store.find(find);
    await sql('ALTER TABLE things ALTER COLUMN id TYPE integer, ALTER COLUMN size TYPE bigint');
    try {
      const results = await settle(Array.from({ length: 30 }, (_, index) => [add(`key ${index}`), store.find(find)]).flat());
      expect([...new Set(results.filter(({ status }) => status === 'rejected').map(outcome))]).toEqual(['overloaded']);
      expect(outcome((await settle([add('after')]))[0]!)).toBe('added');
      expect(await store.find(find)).toEqual({ size: 1 });
    } finally {
      await sql('ALTER TABLE things ALTER COLUMN id TYPE bigint, ALTER COLUMN size TYPE integer');
    }
  });

  it('leave no statement running on the server when they are given up', async () => {
    const slow = {
      label: 'things.slow',
      sql: 'INSERT INTO things (key, size) SELECT $1, 1 FROM pg_sleep(30) RETURNING id',
      parameters: ['slow'],
      deadlineMs: 100,
    };
    await settle(Array.from({ length: 5 }, () => store.write({ query: slow, result: () => undefined })));
    await eventually(
      'none at work',
      1_500,
      async () => (await sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'groups' AND state = 'active'")).length === 0,
    );
  });

  it('are refused within their deadline by a silent server, and committed once it answers again', async () => {
    await add('before');
    await postgres.pause();
    try {
      const startedAt = performance.now();
      const first = settle(Array.from({ length: 100 }, (_, index) => add(`silent ${index}`)));
      // These come while the first group is under way, and have to wait behind it.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      const results = [...(await first), ...(await settle([add('behind')]))];
      expect(new Set(results.map(outcome))).toEqual(new Set(['database_unavailable']));
      expect(performance.now() - startedAt).toBeLessThan(2 * 2_200);
    } finally {
      await postgres.resume();
    }
    expect(outcome((await settle([add('after')]))[0]!)).toBe('added');
  }, 30_000);

  it('tell how their connections are: under way, free, and what waits', async () => {
    await add('before');
    expect(store.connections()).toMatchObject({ active: 0, idle: 1, waiting: 0 });
    const writing = Array.from({ length: 100 }, (_, index) => add(`key ${index}`));
    expect(store.connections()).toMatchObject({ active: 0, waiting: 100 });
    await Promise.all(writing);
    expect(store.connections()).toMatchObject({ active: 0, idle: 1, waiting: 0 });
  });

  it('leave what is not groupable to a connection of its own', async () => {
    const single = (key: string): Write<Added> => ({ ...insert(key), groupable: false }) as Write<Added>;
    const added = await Promise.all([store.write(single('a')), store.write(single('b'))]);
    expect(added[0].transaction).not.toBe(added[1].transaction);
    const query: Query = { label: 'things.find', sql: 'SELECT key FROM things WHERE id = $1', parameters: [added[0].id] };
    expect(await store.find(query)).toEqual({ key: 'a' });
  });
});
