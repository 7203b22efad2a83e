import type { Metrics } from '../../metrics/metrics';
import { Problem } from '../../problem';
import { waitAtMost } from '../../wait-at-most';
import { writeProbeQuery } from '../schema-tables';
import { databaseDeadlineMs, keyedDeadlineMs, type Query, type Store, type StoreStatus, timed, type Write } from '../store';
import { BatchedReader } from './batched-reader';
import type { BatchingConnection } from './batching-connection';
import { GroupCommit } from './group-commit';
import type { PostgresAddress } from './postgres-client';
import { translatePostgresError } from './postgres-errors';
import { PostgresPool, type Session } from './postgres-pool';
import { PostgresProbe } from './postgres-probe';
import { SettledIds } from './settled-ids';

/** Milliseconds that closing may take. */
const closeTimeoutMs = 1_000;

/**
 * Opens the PostgreSQL store. Nothing is connected yet, and a database that is down is no error: requests are answered 503 until it is back.
 *
 * @param size - connections for requests, 3 at least: about a third, 4 at most, look rows up; one commits groups of inserts; the others do the rest. The
 * probe's is one more
 */
export function openPostgresStore(address: PostgresAddress, size: number, metrics: Metrics): Store {
  const readers = Math.max(1, Math.min(4, Math.floor(size / 3)));
  const reader = new BatchedReader(address, readers);
  const pool = new PostgresPool(address, size - readers - 1);
  const perform = <Result>(job: Write<Result>, deadlineMs: number) => pool.lend(deadlineMs, (session) => performWrite(session, job));
  const commits = new GroupCommit(address, perform);
  const probe = new PostgresProbe(address);
  const settledIds = new SettledIds((query) => pool.lend(query.deadlineMs ?? databaseDeadlineMs, async (session) => (await session.run(query)).rows));
  let writable = true;

  const observed = <T>(label: string, work: () => Promise<T>): Promise<T> =>
    timed(metrics.databaseDuration, label, work).catch((error: unknown) => {
      throw translatePostgresError(error);
    });

  const write = async <Result>(job: Write<Result>): Promise<Result> => {
    try {
      const deadlineMs = job.query.deadlineMs ?? (job.alongside ? keyedDeadlineMs : databaseDeadlineMs);
      const inGroup = job.groupable === true && job.alongside === undefined;
      const result = await observed(job.query.label, () => (inGroup ? commits.submit(job) : perform(job, deadlineMs)));
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
    connections() {
      const batching = [...reader.connections, commits.connection];
      const count = (state: BatchingConnection['state']) => batching.filter((one) => one.state === state).length;
      return {
        active: pool.state.active + count('active'),
        idle: pool.state.idle + count('idle'),
        waiting: batching.reduce((sum, one) => sum + one.waiting, pool.state.waiting),
      };
    },
    async close() {
      // A silent server never answers the goodbye.
      await waitAtMost(closeTimeoutMs, Promise.all([reader.close(), commits.connection.close(), pool.close(), probe.close()]));
    },
  };
}

async function performWrite<Result>(session: Session, { query, result, alongside }: Write<Result>): Promise<Result> {
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
