import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { databaseDeadlineMs, type Query } from '../store';
import { createClient, type PostgresAddress, runStatement } from './postgres-client';

/**
 * Look-ups of one turn of the event loop that share a connection: they leave in one packet and are answered in one. Those beyond take the next
 * one, so that a server with many cores works on them side by side.
 */
const lookUpsTogether = 16;

/**
 * Sends cheap look-ups over a few connections without waiting for the answer before (PostgreSQL's pipelining). One slow statement
 * would hold up those behind it, so nothing else goes here.
 */
export class PipelinedReader {
  private readonly lanes: Lane[];
  /** The lane of this turn of the event loop, and how many more look-ups it takes. */
  private turn: { readonly lane: Lane; room: number } | undefined;

  /** @param size - number of connections; each is opened at first use and replaced when it breaks */
  constructor(address: PostgresAddress, size: number) {
    this.lanes = Array.from({ length: size }, () => new Lane(address));
  }

  /** First row of a look-up. Rejects with the driver's error; after its deadline without an answer the connection is dropped. */
  async first(query: Query): Promise<unknown> {
    return this.laneOfThisTurn().first(query);
  }

  private laneOfThisTurn(): Lane {
    if (this.turn === undefined) setImmediate(() => (this.turn = undefined));
    if (this.turn === undefined || this.turn.room === 0) {
      const lane = this.lanes.reduce((least, one) => (one.inFlight < least.inFlight ? one : least));
      this.turn = { lane, room: lookUpsTogether };
    }
    this.turn.room--;
    return this.turn.lane;
  }

  /** Connections that exist now. */
  get connected(): number {
    return this.lanes.filter((lane) => lane.isOpen).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }
}

/** SQLSTATE invalid_sql_statement_name and duplicate_prepared_statement. */
const nameFaults = ['26000', '42P05'];

class Lane {
  inFlight = 0;
  private client: Promise<Client> | undefined;
  private corked = false;

  constructor(private readonly address: PostgresAddress) {}

  get isOpen(): boolean {
    return this.client !== undefined;
  }

  async first(query: Query): Promise<unknown> {
    this.inFlight++;
    const deadline = performance.now() + (query.deadlineMs ?? databaseDeadlineMs);
    try {
      return await this.send(query, deadline).catch((error: unknown) => {
        // A statement whose preparation failed (its table was locked) is missing for those sent behind it, and the driver then
        // loses track of what is prepared. Without a name it can be neither missing nor there already.
        if (!nameFaults.includes((error as { code?: string }).code ?? '')) throw error;
        return this.send({ ...query, name: '' }, deadline);
      });
    } finally {
      this.inFlight--;
    }
  }

  private async send({ label, name = label, sql, parameters }: Query, deadline: number): Promise<unknown> {
    const client = await (this.client ??= this.connect());
    this.corkForThisTurn(client);
    const left = Math.max(1, Math.floor(deadline - performance.now()));
    const { rows } = await runStatement(client, { text: sql, name, values: parameters }, left);
    return rows[0];
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    await client?.end();
  }

  /** All look-ups of one turn of the event loop leave in one packet. */
  private corkForThisTurn(client: Client): void {
    if (this.corked) return;
    this.corked = true;
    const { stream } = (client as Client & { connection: { stream: Socket } }).connection;
    stream.cork();
    setImmediate(() => {
      this.corked = false;
      stream.uncork();
    });
  }

  private connect(): Promise<Client> {
    // A client dies in several steps, and by the last the lane may have another one, which nobody else would ever close.
    const forget = () => {
      if (this.client === connecting) this.client = undefined;
    };
    const client = createClient(this.address, forget, { pipeline: true });
    client.on('end', forget);
    const connecting = client.connect().then(
      () => client,
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    return connecting;
  }
}
