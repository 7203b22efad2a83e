import type { Client, ClientConfig } from 'pg';
import { createClient, maximumLifetimeMs, type PostgresAddress } from './postgres-client';

/** One connection, for one piece of work at a time: opened at first use, replaced after it broke or when it is old. */
export class KeptClient {
  private client: Promise<Client> | undefined;
  private openedAt = 0;

  /**
   * @param overrides - settings of this connection, over those that all have
   * @param lifetimeMs - milliseconds after which the next use gets another one. @default maximumLifetimeMs
   */
  constructor(
    private readonly address: PostgresAddress,
    private readonly overrides: ClientConfig = {},
    private readonly lifetimeMs: number = maximumLifetimeMs,
  ) {}

  /** Whether it is open, or being opened. */
  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** Rejects with the driver's error when it can't be opened. */
  get(): Promise<Client> {
    if (this.client !== undefined && performance.now() - this.openedAt > this.lifetimeMs) void this.close().catch(() => undefined);
    return (this.client ??= this.connect());
  }

  /** Ends the connection without a goodbye, which a silent server would never answer. */
  drop(): void {
    const dropped = this.client;
    this.client = undefined;
    dropped?.then(destroy, () => undefined);
  }

  async close(): Promise<void> {
    const closed = this.client;
    this.client = undefined;
    const client = await closed?.catch(() => undefined);
    await client?.end();
  }

  private connect(): Promise<Client> {
    this.openedAt = performance.now();
    // A client dies in several steps, and by the last there may be another one, which nobody else would ever close.
    const forget = () => {
      if (this.client === connecting) this.client = undefined;
    };
    const client = createClient(this.address, forget, this.overrides);
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

function destroy(client: Client): void {
  (client as Client & { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}
