import type { Pool, PoolClient } from 'pg';
import type { Metrics } from '../../metrics/metrics';
import { Problem } from '../../problem';
import { waitAtMost } from '../../wait-at-most';
import { writeProbeQuery } from '../schema-tables';
import { databaseDeadlineMs, keyedDeadlineMs, type Query, type Store, type StoreStatus, timed, type Write } from '../store';
import { PipelinedReader } from './pipelined-reader';
import { clientConfig, type ClientStatement, loadPg, type PostgresAddress, runStatement } from './postgres-client';
import { DeadlineExceeded, translatePostgresError } from './postgres-errors';
import { PostgresProbe } from './postgres-probe';
import { SettledIds } from './settled-ids';

/** Milliseconds that closing may take. */
const closeTimeoutMs = 1_000;

/** Seconds after which a connection is replaced, so that a failover or a rebalanced address is noticed: half an hour. */
const maximumLifetimeSeconds = 1_800;

/**
 * Opens the PostgreSQL store. Nothing is connected yet, and a database that is down is no error: requests are answered 503 until it is back.
 *
 * @param size - connections for requests: about a third, at most 4, are pipelined for look-ups; one more is the probe's
 */
export function openPostgresStore(address: PostgresAddress, size: number, metrics: Metrics): Store {
  const lanes = Math.max(1, Math.min(4, Math.floor(size / 3)));
  const reader = new PipelinedReader(address, lanes);
  const pool: Pool = new (loadPg().Pool)({ ...clientConfig(address), max: size - lanes, maxLifetimeSeconds: maximumLifetimeSeconds });
  // An idle connection that breaks is dropped by the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  // One that breaks while it is lent out tells its borrower; it needs a listener all the same.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const probe = new PostgresProbe(address);
  const settledIds = new SettledIds((query) => withClient(pool, query.deadlineMs ?? databaseDeadlineMs, async (session) => (await session.run(query)).rows));
  let writable = true;

  const observed = <T>(label: string, work: () => Promise<T>): Promise<T> =>
    timed(metrics.databaseDuration, label, work).catch((error: unknown) => {
      throw translatePostgresError(error);
    });

  const write = async <Result>(job: Write<Result>): Promise<Result> => {
    try {
      const deadlineMs = job.query.deadlineMs ?? (job.alongside ? keyedDeadlineMs : databaseDeadlineMs);
      const result = await observed(job.query.label, () => withClient(pool, deadlineMs, (session) => perform(session, job)));
      writable = true;
      return result;
    } catch (error) {
      if (error instanceof Problem && error.type.status === 507) writable = false;
      throw error;
    }
  };

  return {
    dialect: 'postgres',
    find: <Row>(query: Query) => observed(query.label, () => reader.first(query) as Promise<Row | undefined>),
    list: <Row extends { readonly id: number }>(query: Query, table: string) => observed(query.label, () => settledIds.list<Row>(query, table)),
    write,
    async status(): Promise<StoreStatus> {
      const { readable, schema } = await probe.look();
      if (readable && !writable) await write({ query: writeProbeQuery('postgres'), result: () => undefined }).catch(() => undefined);
      return { readable, writable, schema };
    },
    connections: () => ({
      active: pool.totalCount - pool.idleCount,
      idle: pool.idleCount + reader.connected,
      waiting: pool.waitingCount,
    }),
    async close() {
      // A silent server never answers the goodbye.
      await waitAtMost(closeTimeoutMs, Promise.all([reader.close(), pool.end(), probe.close()]));
    },
  };
}

interface Session {
  run(query: Query): Promise<{ readonly rows: readonly unknown[]; readonly changes: number }>;
  execute(sql: string): Promise<void>;
}

/** Lends a connection under one deadline for waiting, connecting and every statement. A connection that missed it is not used again. */
async function withClient<T>(pool: Pool, deadlineMs: number, work: (session: Session) => Promise<T>): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  const client = await acquire(pool, deadlineMs);
  let broken: Error | undefined;
  const remaining = () => {
    const left = Math.floor(deadline - performance.now());
    if (left <= 0) throw new DeadlineExceeded(true);
    return left;
  };
  const send = async (statement: ClientStatement) => {
    try {
      return await runStatement(client, statement, remaining());
    } catch (error) {
      if ((error as { code?: string }).code === undefined) broken = error as Error;
      throw error;
    }
  };
  try {
    return await work({
      async run({ label, name = label, sql, parameters }) {
        const { rows, rowCount } = await send({ name, text: sql, values: parameters });
        return { rows, changes: rowCount ?? 0 };
      },
      async execute(sql) {
        await send({ text: sql });
      },
    });
  } finally {
    client.release(broken);
  }
}

async function acquire(pool: Pool, deadlineMs: number): Promise<PoolClient> {
  const connecting = pool.connect();
  try {
    // The pool's own limit is databaseDeadlineMs.
    return await (deadlineMs < databaseDeadlineMs ? within(deadlineMs, connecting, pool) : connecting);
  } catch (error) {
    // pg-pool says the same for a full pool and for a server that does not answer: the pool's own numbers tell them apart.
    if (/timeout exceeded when trying to connect/.test((error as Error).message)) throw new DeadlineExceeded(isBusy(pool));
    throw error;
  }
}

/** Waits for a connection; one that comes too late goes back to its pool. */
async function within(milliseconds: number, connecting: Promise<PoolClient>, pool: Pool): Promise<PoolClient> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
  const client = await Promise.race([connecting, late]);
  clearTimeout(timer);
  if (client !== undefined) return client;
  connecting.then(
    (unused) => unused.release(),
    () => undefined,
  );
  throw new DeadlineExceeded(isBusy(pool));
}

function isBusy(pool: Pool): boolean {
  return pool.idleCount === 0 && pool.totalCount >= pool.options.max;
}

async function perform<Result>(session: Session, { query, result, alongside }: Write<Result>): Promise<Result> {
  if (!alongside) return result((await session.run(query)).rows);
  await session.execute('BEGIN');
  try {
    const value = result((await session.run(query)).rows);
    for (const step of alongside(value)) {
      if ((await session.run(step.query)).changes !== step.rows) throw step.otherwise();
    }
    await session.execute('COMMIT');
    return value;
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
