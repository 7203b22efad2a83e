import { setTimeout as sleep } from 'node:timers/promises';
import { DeadlineExceeded } from '../src/store/postgres/postgres-errors';
import { PostgresPool, type Session } from '../src/store/postgres/postgres-pool';
import { eventually } from '../testing/load-client';
import { type PostgresServer, startPostgres } from '../testing/postgres-server';
import { storesUnderTest } from '../testing/stores';

const onPostgres = storesUnderTest().includes('postgres');
const skipped = onPostgres ? '' : ' (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';

(onPostgres ? describe : describe.skip)(`a connection lent by the pool${skipped}`, () => {
  let postgres: PostgresServer;
  let pool: PostgresPool;

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    pool = new PostgresPool({ url, password: undefined, applicationName: 'pool' }, 1);
  }, 60_000);
  afterAll(async () => {
    await pool?.close();
    await postgres?.dispose();
  });

  it.each([
    ['between two statements', () => sleep(150), 'SELECT 1'],
    ['within a statement', () => Promise.resolve(), 'SELECT pg_sleep(5)'],
  ])('whose deadline passes %s is not used again: its transaction ends with it', async (_when, before, statement) => {
    const backends: unknown[] = [];
    const noteBackend = async (session: Session) =>
      backends.push((await session.run({ label: 'backend', sql: 'SELECT pg_backend_pid() AS pid', parameters: [] })).rows);
    const work = pool.lend(100, async (session) => {
      await session.execute('BEGIN');
      await noteBackend(session);
      await before();
      await session.execute(statement);
    });
    await expect(work).rejects.toThrow(/stayed busy|timeout/);
    await pool.lend(1_000, noteBackend);
    expect(backends).toHaveLength(2);
    expect(backends[1]).not.toEqual(backends[0]);
    await eventually('no open transaction', 6_000, async () => {
      const open = await postgres.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'pool' AND state LIKE 'idle in transaction%'");
      return open.length === 0;
    });
  });

  it('is waited for until the deadline, which says that all were busy', async () => {
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const busy = pool.lend(1_000, () => done);
    try {
      await expect(pool.lend(100, () => Promise.resolve())).rejects.toEqual(new DeadlineExceeded(true));
      expect(pool.state).toMatchObject({ active: 1, idle: 0 });
    } finally {
      end();
      await busy;
    }
  });
});
