import { databaseDeadlineMs, type Write } from '../store';
import { BatchingConnection, RolledBack } from './batching-connection';
import type { PostgresAddress } from './postgres-client';
import type { Row } from './statement-batch';

/**
 * Milliseconds that a group waits for a lock. Inserts wait for none but those of a locked table or of a key that another transaction is inserting;
 * well below PostgreSQL's `deadlock_timeout` of 1 s, so that two processes that insert the same keys in another order don't wait for that.
 */
const lockTimeoutMs = 100;

/**
 * Commits the groupable writes of one turn of the event loop, and those that came in while a group was under way, as one transaction. One flush of
 * the write-ahead log serves them all. See `docs/write-path.md`.
 */
export class GroupCommit {
  readonly connection: BatchingConnection;

  /** @param alone - performs a write by itself within so many milliseconds */
  constructor(
    address: PostgresAddress,
    private readonly alone: <Result>(write: Write<Result>, deadlineMs: number) => Promise<Result>,
  ) {
    this.connection = new BatchingConnection(address, { lock_timeout: lockTimeoutMs });
  }

  /**
   * Resolves when the write is durable. When PostgreSQL refused one of its group, nothing of the group is there, and each is performed alone: then it
   * rejects with its own error. When the connection broke or stayed silent it rejects with that: the write may be there.
   */
  async submit<Result>(write: Write<Result>): Promise<Result> {
    const startedAt = performance.now();
    let rows: readonly Row[];
    try {
      rows = await this.connection.run(write.query);
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      return this.alone(write, Math.floor(startedAt + databaseDeadlineMs - performance.now()));
    }
    return write.result(rows);
  }
}
