import type { Client } from 'pg';
import { databaseDeadlineMs, type Query } from '../store';
import { createClient, type PostgresAddress } from './postgres-client';

/**
 * Sends cheap look-ups over a few connections without waiting for the answer before (PostgreSQL's pipelining). One slow statement
 * would hold up those behind it, so nothing else goes here.
 */
export class PipelinedReader {
  private readonly lanes: Lane[];

  /** @param size - number of connections; each is opened at first use and replaced when it breaks */
  constructor(address: PostgresAddress, size: number) {
    this.lanes = Array.from({ length: size }, () => new Lane(address));
  }

  /** Rows of a look-up. Rejects with the driver's error; after 2 s without an answer the connection is dropped. */
  async run(query: Query): Promise<readonly unknown[]> {
    let lane = this.lanes[0]!;
    for (const other of this.lanes) if (other.inFlight < lane.inFlight) lane = other;
    return lane.run(query);
  }

  /** Connections that exist now. */
  get connected(): number {
    return this.lanes.filter((lane) => lane.isOpen).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }
}

class Lane {
  inFlight = 0;
  private client: Promise<Client> | undefined;

  constructor(private readonly address: PostgresAddress) {}

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  async run({ label, name = label, sql, parameters }: Query): Promise<readonly unknown[]> {
    this.inFlight++;
    const deadline = performance.now() + databaseDeadlineMs;
    try {
      const client = await (this.client ??= this.connect());
      const left = Math.max(1, Math.floor(deadline - performance.now()));
      const { rows } = await client.query<object>({ name, text: sql, values: [...parameters], query_timeout: left } as never);
      return rows;
    } finally {
      this.inFlight--;
    }
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    await client?.end();
  }

  private async connect(): Promise<Client> {
    const forget = () => {
      this.client = undefined;
    };
    const client = createClient(this.address, forget, { pipeline: true });
    client.on('end', forget);
    try {
      await client.connect();
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
