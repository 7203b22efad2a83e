import type { Client } from 'pg';
import { schemaVersionQuery } from '../schema-tables';
import { createClient, type PostgresAddress } from './postgres-client';

/** Milliseconds that a look may take, connecting included. */
const lookTimeoutMs = 1_000;

/** Looks at the database over a connection of its own, so that a busy pool is not taken for a dead database. */
export class PostgresProbe {
  private client: Client | undefined;

  constructor(private readonly address: PostgresAddress) {}

  /** Whether the schema can be read, and its version (0 when there is none yet). Never throws. */
  async look(): Promise<{ readonly readable: boolean; readonly schema: number | undefined }> {
    let client: Client | undefined;
    try {
      client = this.client ??= await this.connect();
      const { rows } = await client.query<{ version: number | null }>(schemaVersionQuery.sql);
      return { readable: true, schema: rows[0]?.version ?? 0 };
    } catch (error) {
      if ((error as { code?: string }).code === '42P01') return { readable: true, schema: 0 };
      if (client) this.drop(client);
      return { readable: false, schema: undefined };
    }
  }

  async close(): Promise<void> {
    await this.client?.end();
  }

  private async connect(): Promise<Client> {
    const client = createClient(this.address, () => this.drop(client), { connectionTimeoutMillis: lookTimeoutMs, query_timeout: lookTimeoutMs });
    await client.connect();
    return client;
  }

  /** Ends a broken connection without waiting: a silent server would never answer the goodbye. */
  private drop(client: Client): void {
    if (this.client === client) this.client = undefined;
    (client as Client & { connection?: { stream: { destroy(): void } } }).connection?.stream.destroy();
  }
}
