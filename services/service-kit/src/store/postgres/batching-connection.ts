import type { Client, ClientConfig } from 'pg';
import { databaseDeadlineMs, type Query } from '../store';
import { KeptClient } from './kept-client';
import { loadPg, type PostgresAddress } from './postgres-client';
import { DeadlineExceeded, isStalePlan } from './postgres-errors';
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
   * Rejects with {@link RolledBack} when nothing of its batch was carried out, with {@link DeadlineExceeded} when its time was over (busy: it was never
   * sent), with the driver's error when the connection broke: then, as after a deadline that isn't for being busy, it may have been committed.
   */
  run(query: Query): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const { deadlineMs } = query;
      // Among deadlines of one length the oldest is the first; one that is shorter may pass in the queue.
      const timer = deadlineMs === undefined ? undefined : setTimeout(() => reject(new DeadlineExceeded(false)), deadlineMs);
      const settled = () => clearTimeout(timer);
      this.queue.push({
        query,
        deadline: performance.now() + (deadlineMs ?? databaseDeadlineMs),
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
    let tookMs = 0;
    while (this.queue.length > 0) {
      const batch = this.nextBatch(tookMs);
      if (batch.length > 0) tookMs = await this.runBatch(batch);
    }
    this.running = undefined;
  }

  /**
   * The oldest job and those right behind it with the same statement. Whoever waited and has less time left than the batch before took is told now that
   * all is busy, and not later that nobody knows.
   */
  private nextBatch(tookMs: number): readonly Job[] {
    const { sql } = this.queue[0]!.query;
    const others = this.queue.findIndex((job) => job.query.sql !== sql);
    const batch = this.queue.splice(0, Math.min(maximumBatch, others === -1 ? maximumBatch : others));
    const least = performance.now() + tookMs;
    for (const job of batch) if (job.deadline <= least) job.reject(new DeadlineExceeded(!this.isSilent));
    return batch.filter((job) => job.deadline > least);
  }

  /** @returns milliseconds until it was answered; 0 when it wasn't, which says nothing of the next one */
  private async runBatch(batch: readonly Job[]): Promise<number> {
    this.underWay = batch.length;
    const startedAt = performance.now();
    const { query } = batch[0]!;
    const runs = { name: query.name ?? query.label, text: query.sql, values: batch.map((job) => job.query.parameters as readonly Value[]) };
    try {
      const rows = await this.send(runs, batch);
      this.isSilent = false;
      batch.forEach((job, run) => job.resolve(rows[run]!));
      return performance.now() - startedAt;
    } catch (error) {
      this.isSilent = error instanceof DeadlineExceeded;
      const isAnswer = error instanceof RolledBack;
      if (!isAnswer || isStalePlan(error.cause)) this.client.drop();
      for (const job of batch) job.reject(error);
      return isAnswer ? performance.now() - startedAt : 0;
    } finally {
      this.underWay = 0;
    }
  }

  /** Connects where there is no connection, sends the runs and waits for their end. Each job is rejected at its own deadline, the batch at the last. */
  private async send(runs: Runs, batch: readonly Job[]): Promise<readonly (readonly Row[])[]> {
    const last = Math.max(...batch.map((job) => job.deadline));
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    try {
      return await new Promise((resolve, reject) => {
        const expire = () => {
          const now = performance.now();
          isLate = now >= last;
          if (isLate) return reject(new DeadlineExceeded(false));
          for (const job of batch) if (job.deadline <= now) job.reject(new DeadlineExceeded(false));
          const next = Math.min(...batch.map((job) => job.deadline).filter((deadline) => deadline > now));
          timer = setTimeout(expire, Math.ceil(next - now));
        };
        expire();
        this.client
          .get()
          .then((client) => isLate || client.query(new StatementBatch(runs, (error, rows) => (error ? rejectWith(client, error, reject) : resolve(rows)))))
          .catch(reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** PostgreSQL refused a statement, its `cause`, and undid the whole batch. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';

  constructor(override readonly cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * Rejects with {@link RolledBack} once the server is ready for the next batch, which it is after an error and never after a fatal one; with the error
 * itself when the connection ends. The words by which the server tells the two apart are in its own language.
 */
function rejectWith(client: Client, error: Error, reject: (error: Error) => void): void {
  if (!(error instanceof loadPg().DatabaseError)) return reject(error);
  const ready = () => tell(new RolledBack(error));
  const ended = () => tell(error);
  const tell = (told: Error) => {
    client.off('drain', ready).off('end', ended);
    reject(told);
  };
  client.on('drain', ready).on('end', ended);
}

interface Job {
  readonly query: Query;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (rows: readonly Row[]) => void;
  readonly reject: (error: unknown) => void;
}
