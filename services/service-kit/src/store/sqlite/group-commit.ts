import type { Query, Write } from '../store';
import type { SqliteConnection } from './sqlite-connection';

/** Most writes of one transaction: bounds how long a batch keeps the event loop. */
const maximumBatch = 256;

/**
 * Runs the writes of one turn of the event loop as one transaction on its own connection, and settles them only after COMMIT.
 * One `fsync` serves them all. See `docs/write-path.md`.
 */
export class GroupCommit {
  private queue: Job[] = [];
  private scheduled = false;

  /** @param beforeBatch - called before each transaction begins */
  constructor(
    private readonly connection: SqliteConnection,
    private readonly beforeBatch: () => void,
  ) {}

  /** Resolves when the write is durable. Rejects with the write's own error, or with the batch's when it could not be committed. */
  submit<Result>(write: Write<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.queue.push({ write: write as Write<unknown>, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.queue.length;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const batch = this.queue.splice(0, maximumBatch);
      if (this.queue.length > 0) this.schedule();
      this.commit(batch);
    });
  }

  private commit(batch: readonly Job[]): void {
    let settle: readonly (() => void)[];
    try {
      this.beforeBatch();
      this.connection.run('BEGIN IMMEDIATE', []);
      settle = batch.map((job) => this.perform(job));
      this.connection.run('COMMIT', []);
    } catch (error) {
      // COMMIT failed, or a job left the transaction: nothing of this batch is in the file, whatever its jobs believe.
      if (this.connection.db.inTransaction) this.connection.run('ROLLBACK', []);
      settle = batch.map((job) => () => job.reject(error));
    }
    for (const one of settle) one();
  }

  /** Runs one job and returns how to settle it after COMMIT. */
  private perform({ write, resolve, reject }: Job): () => void {
    try {
      const result = write.alongside ? this.inSavepoint(write) : write.result(this.runQuery(write.query).rows);
      return () => resolve(result);
    } catch (error) {
      // A full disk or an I/O error rolls back the whole transaction, not just the statement.
      if (!this.connection.db.inTransaction || isFatal(error)) throw error;
      return () => reject(error);
    }
  }

  private inSavepoint(write: Write<unknown>): unknown {
    this.connection.run('SAVEPOINT job', []);
    try {
      const result = write.result(this.runQuery(write.query).rows);
      for (const { query, rows, otherwise } of write.alongside?.(result) ?? []) {
        if (this.runQuery(query).changes !== rows) throw otherwise();
      }
      this.connection.run('RELEASE job', []);
      return result;
    } catch (error) {
      if (this.connection.db.inTransaction) this.connection.run('ROLLBACK TO job', []);
      if (this.connection.db.inTransaction) this.connection.run('RELEASE job', []);
      throw error;
    }
  }

  private runQuery({ sql, parameters }: Query) {
    return this.connection.run(sql, parameters);
  }
}

interface Job {
  readonly write: Write<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Errors after which the rest of the batch can't be trusted either. */
function isFatal(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|NOMEM|READONLY)/.test((error as { code?: string }).code ?? '');
}
