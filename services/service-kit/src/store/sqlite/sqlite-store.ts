import type { Metrics } from '../../metrics/metrics';
import { Problem } from '../../problem';
import { schemaVersionQuery, writeProbeQuery } from '../schema-tables';
import { type ListedRows, type Query, type Store, type StoreStatus, timed, type Write } from '../store';
import { GroupCommit } from './group-commit';
import { type LockOptions, lockForThisProcess } from './process-lock';
import { SqliteConnection } from './sqlite-connection';
import { translateSqliteError } from './sqlite-errors';
import { TurnSnapshot } from './turn-snapshot';

/**
 * Opens the embedded store: a writer with group commit and a reader of its own.
 *
 * @param path - the database file
 * @throws DatabaseInUse when another process serves the same file
 */
export function openSqliteStore(path: string, metrics: Metrics, lock: LockOptions = {}): Store {
  const unlock = lockForThisProcess(path, lock);
  const writer = SqliteConnection.open(path);
  const reader = SqliteConnection.open(path);
  reader.db.pragma('query_only = ON');
  const snapshot = new TurnSnapshot(reader);
  const commits = new GroupCommit(writer, () => snapshot.leave());
  let writable = true;

  const read = <T>(label: string, work: () => unknown): Promise<T> => {
    const startedAt = performance.now();
    try {
      snapshot.enter();
      return Promise.resolve(work() as T);
    } catch (error) {
      return Promise.reject(translateSqliteError(error));
    } finally {
      metrics.databaseDuration.labels(label).observe((performance.now() - startedAt) / 1000);
    }
  };

  const find = <Row>({ label, sql, parameters }: Query) => read<Row | undefined>(label, () => reader.first(sql, parameters));

  const write = async <Result>(job: Write<Result>): Promise<Result> => {
    try {
      const result = await commits.submit(job);
      writable = true;
      return result;
    } catch (cause) {
      const error = translateSqliteError(cause);
      if (error instanceof Problem && error.type.status === 507) writable = false;
      throw error;
    }
  };

  return {
    dialect: 'sqlite',
    find,
    // One writer: ids commit in the order in which they are handed out.
    list: <Row>({ label, sql, parameters }: Query) =>
      read<ListedRows<Row>>(label, () => ({ rows: reader.run(sql, parameters).rows as readonly Row[], settled: Infinity })),
    write: (job) => timed(metrics.databaseDuration, job.query.label, () => write(job)),
    async status(): Promise<StoreStatus> {
      try {
        const row = await find<{ version: number | null }>(schemaVersionQuery);
        if (!writable) await write({ query: writeProbeQuery('sqlite'), result: () => undefined }).catch(() => undefined);
        return { readable: true, writable, schema: row?.version ?? 0 };
      } catch (error) {
        return { readable: isMissingTable(error), writable, schema: isMissingTable(error) ? 0 : undefined };
      }
    },
    connections: () => ({ active: 0, idle: 2, waiting: commits.waiting }),
    async close() {
      while (commits.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
      snapshot.leave();
      reader.db.close();
      writer.db.close();
      unlock();
    },
  };
}

function isMissingTable(error: unknown): boolean {
  return /no such table/.test((error as Error).message);
}
