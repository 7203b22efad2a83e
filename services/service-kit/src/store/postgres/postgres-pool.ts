import type { Pool, PoolClient, QueryConfig } from 'pg';
import { databaseDeadlineMs, type Query } from '../store';
import { clientConfig, loadPg, maximumLifetimeMs, type PostgresAddress } from './postgres-client';
import { DeadlineExceeded, isStalePlan } from './postgres-errors';

/** A connection that is lent to one piece of work. */
export interface Session {
  /** Runs a prepared statement. */
  run(query: Query): Promise<{ readonly rows: readonly unknown[]; readonly changes: number }>;
  /** Runs a statement without values, such as `BEGIN`. */
  execute(sql: string): Promise<void>;
}

/** Connections for what may take long: each is lent to one piece of work at a time. */
export class PostgresPool {
  private readonly pool: Pool;

  /** @param size - connections at most; opened when they are needed */
  constructor(address: PostgresAddress, size: number) {
    this.pool = new (loadPg().Pool)({ ...clientConfig(address), max: size, maxLifetimeSeconds: maximumLifetimeMs / 1_000 });
    // An idle connection that breaks is dropped by the pool; without a listener the process would end.
    this.pool.on('error', () => undefined);
    // One that breaks while it is lent out tells its borrower; it needs a listener all the same.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Connections that are lent out, connections that are free, and work that waits for one. */
  get state(): { readonly active: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { active: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /**
   * Lends a connection under one deadline for waiting, connecting and every statement. A connection that missed it is not used again.
   *
   * Rejects with {@link DeadlineExceeded} or the driver's error.
   */
  async lend<T>(deadlineMs: number, work: (session: Session) => Promise<T>): Promise<T> {
    const deadline = performance.now() + deadlineMs;
    const client = await this.acquire(deadlineMs);
    let broken: Error | undefined;
    const send = async (statement: QueryConfig) => {
      try {
        const left = Math.floor(deadline - performance.now());
        // Its transaction may be open, and there is no time left to end it: the connection goes with it.
        if (left <= 0) throw new DeadlineExceeded(true);
        const timed: QueryConfig & { query_timeout: number } = { ...statement, query_timeout: left };
        return await client.query<object>(timed);
      } catch (error) {
        if ((error as { code?: string }).code === undefined || isStalePlan(error)) broken = error as Error;
        throw error;
      }
    };
    try {
      return await work({
        async run({ label, name = label, sql, parameters }) {
          const { rows, rowCount } = await send({ name, text: sql, values: [...parameters] });
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

  /** Waits for what is lent out, then ends every connection. */
  async close(): Promise<void> {
    await this.pool.end();
  }

  private async acquire(deadlineMs: number): Promise<PoolClient> {
    const connecting = this.pool.connect();
    try {
      // The pool's own limit is databaseDeadlineMs.
      return await (deadlineMs < databaseDeadlineMs ? this.within(deadlineMs, connecting) : connecting);
    } catch (error) {
      // pg-pool says the same for a full pool and for a server that does not answer: the pool's own numbers tell them apart.
      if (/timeout exceeded when trying to connect/.test((error as Error).message)) throw new DeadlineExceeded(this.isBusy);
      throw error;
    }
  }

  /** Waits for a connection; one that comes too late goes back to its pool. */
  private async within(milliseconds: number, connecting: Promise<PoolClient>): Promise<PoolClient> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
    const client = await Promise.race([connecting, late]);
    clearTimeout(timer);
    if (client !== undefined) return client;
    connecting.then(
      (unused) => unused.release(),
      () => undefined,
    );
    throw new DeadlineExceeded(this.isBusy);
  }

  private get isBusy(): boolean {
    return this.pool.idleCount === 0 && this.pool.totalCount >= this.pool.options.max;
  }
}
