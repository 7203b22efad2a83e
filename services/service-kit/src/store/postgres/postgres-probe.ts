import { schemaVersionQuery } from '../schema-tables';
import { KeptClient } from './kept-client';
import type { PostgresAddress } from './postgres-client';

/** Milliseconds that a look may take, connecting included. */
const lookTimeoutMs = 1_000;

/** Looks at the database over a connection of its own, so that a busy pool is not taken for a dead database. */
export class PostgresProbe {
  private readonly client: KeptClient;

  constructor(address: PostgresAddress) {
    this.client = new KeptClient(address, { connectionTimeoutMillis: lookTimeoutMs, query_timeout: lookTimeoutMs });
  }

  /** Whether the schema can be read, and its version (0 when there is none yet). Never throws. */
  async look(): Promise<{ readonly readable: boolean; readonly schema: number | undefined }> {
    try {
      const client = await this.client.get();
      const { rows } = await client.query<{ version: number | null }>(schemaVersionQuery.sql);
      return { readable: true, schema: rows[0]?.version ?? 0 };
    } catch (error) {
      if ((error as { code?: string }).code === '42P01') return { readable: true, schema: 0 };
      this.client.drop();
      return { readable: false, schema: undefined };
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
