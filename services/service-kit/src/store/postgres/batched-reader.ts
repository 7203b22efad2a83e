import { databaseDeadlineMs, type Query, withDeadline } from '../store';
import { BatchingConnection, RolledBack } from './batching-connection';
import type { PostgresAddress } from './postgres-client';
import { DeadlineExceeded } from './postgres-errors';
import type { Row } from './statement-batch';

/**
 * Look-ups of one turn of the event loop that share a connection. Those beyond take the next one, so that a server with many cores works on them
 * side by side.
 */
const lookUpsTogether = 16;

/** Looks rows up in batches over a few connections of its own. One slow statement holds up those behind it, so nothing else goes here. */
export class BatchedReader {
  readonly connections: readonly BatchingConnection[];
  /** The connection of this turn of the event loop, and how many more look-ups it takes. */
  private turn: { readonly connection: BatchingConnection; room: number } | undefined;

  /** @param size - number of connections; each is opened at first use and replaced when it breaks */
  constructor(address: PostgresAddress, size: number) {
    this.connections = Array.from({ length: size }, () => new BatchingConnection(address));
  }

  /**
   * First row of a look-up; asked again once when its connection broke, in the time that is left, because a look-up changes nothing.
   *
   * Rejects with {@link DeadlineExceeded}, the server's error or the driver's.
   */
  async first(query: Query): Promise<Row | undefined> {
    const deadline = performance.now() + (query.deadlineMs ?? databaseDeadlineMs);
    try {
      const [row] = await this.connectionOfThisTurn()
        .run(query)
        .catch((error: unknown) => {
          if (error instanceof RolledBack || error instanceof DeadlineExceeded) throw error;
          return this.connectionOfThisTurn().run(withDeadline(query, deadline - performance.now()));
        });
      return row;
    } catch (error) {
      throw error instanceof RolledBack ? error.cause : error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((one) => one.close()));
  }

  private connectionOfThisTurn(): BatchingConnection {
    if (this.turn === undefined) setImmediate(() => (this.turn = undefined));
    if (this.turn === undefined || this.turn.room === 0) {
      this.turn = { connection: this.connections.reduce((least, one) => (one.load < least.load ? one : least)), room: lookUpsTogether };
    }
    this.turn.room--;
    return this.turn.connection;
  }
}
