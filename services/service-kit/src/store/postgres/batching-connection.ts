import type { ClientConfig } from 'pg';
import { databaseDeadlineMs, type Query } from '../store';
import { KeptClient } from './kept-client';
import type { PostgresAddress } from './postgres-client';
import { DeadlineExceeded } from './postgres-errors';
import { type Row, type Runs, StatementBatch, type Value } from './statement-batch';

/** Most runs in one batch: bounds how long those behind it wait. */
const maximumBatch = 64;

/**
 * Runs statements over one connection, one batch at a time: what is asked for in one turn of the event loop, or while a batch is under way, leaves
 * together. Another statement than the first one's waits for the next batch.
 */
export class BatchingConnection {
  private readonly client: KeptClient;
  private readonly queue: Job[] = [];
  private running: Promise<void> | undefined;
  private underWay = 0;
  /** Whether the last batch had no answer. */
  private isSilent = false;

  /** @param overrides - settings of this connection, over those that all have */
  constructor(address: PostgresAddress, overrides?: ClientConfig) {
    this.client = new KeptClient(address, overrides);
  }

  /** Whether there is a connection, and whether it works on a batch. */
  get state(): 'closed' | 'idle' | 'active' {
    if (!this.client.isOpen) return 'closed';
    return this.underWay > 0 ? 'active' : 'idle';
  }

  /** Statements that wait for their batch. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Statements that wait or are under way. */
  get load(): number {
    return this.queue.length + this.underWay;
  }

  /**
   * Runs a statement and gives its rows once they are committed.
   *
   * Rejects for every statement of a batch alike: {@link wasRolledBack} tells whether nothing of it was carried out, or nobody knows.
   */
  run(query: Query): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const { deadlineMs } = query;
      const timer = deadlineMs === undefined ? undefined : setTimeout(() => reject(new DeadlineExceeded(false)), deadlineMs);
      const settled = () => clearTimeout(timer);
      this.queue.push({
        query,
        startedAt: performance.now(),
        resolve: (rows) => (settled(), resolve(rows)),
        reject: (error) => (settled(), reject(error)),
      });
      this.running ??= this.runBatches();
    });
  }

  /** Waits for the batches under way, then ends the connection. */
  async close(): Promise<void> {
    await this.running;
    await this.client.close();
  }

  private async runBatches(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) await this.runBatch(this.nextBatch());
    this.running = undefined;
  }

  /** The oldest job and those right behind it with the same statement. */
  private nextBatch(): readonly Job[] {
    const { sql } = this.queue[0]!.query;
    const others = this.queue.findIndex((job) => job.query.sql !== sql);
    return this.queue.splice(0, Math.min(maximumBatch, others === -1 ? maximumBatch : others));
  }

  private async runBatch(batch: readonly Job[]): Promise<void> {
    const { query, startedAt } = batch[0]!;
    const leftMs = startedAt + databaseDeadlineMs - performance.now();
    if (leftMs <= 0) return batch.forEach((job) => job.reject(new DeadlineExceeded(!this.isSilent)));
    this.underWay = batch.length;
    try {
      const rows = await this.send(
        { name: query.name ?? query.label, text: query.sql, values: batch.map((job) => job.query.parameters as readonly Value[]) },
        leftMs,
      );
      this.isSilent = false;
      batch.forEach((job, run) => job.resolve(rows[run]!));
    } catch (error) {
      this.isSilent = error instanceof DeadlineExceeded;
      if (!wasRolledBack(error)) this.client.drop();
      for (const job of batch) job.reject(error);
    } finally {
      this.underWay = 0;
    }
  }

  /** Connects where there is no connection, sends the batch and waits for its end, all within so many milliseconds. */
  private async send(runs: Runs, timeoutMs: number): Promise<readonly (readonly Row[])[]> {
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => {
          isLate = true;
          reject(new DeadlineExceeded(false));
        }, timeoutMs);
        const done = (error: Error | undefined, rows: readonly (readonly Row[])[]) => (error ? reject(error) : resolve(rows));
        this.client
          .get()
          .then((client) => isLate || client.query(new StatementBatch(runs, done)))
          .catch(reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether PostgreSQL itself refused a statement, which undoes its whole batch. After any other error a batch may have been committed. */
export function wasRolledBack(error: unknown): boolean {
  return (error as { severity?: string }).severity === 'ERROR';
}

interface Job {
  readonly query: Query;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly resolve: (rows: readonly Row[]) => void;
  readonly reject: (error: unknown) => void;
}
