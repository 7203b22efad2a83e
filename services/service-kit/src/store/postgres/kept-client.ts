import type { Client, ClientConfig } from 'pg';
import { createClient, type PostgresAddress } from './postgres-client';

/** One connection that is opened at first use and replaced after it broke. */
export class KeptClient {
  private client: Promise<Client> | undefined;

  /** @param overrides - settings of this connection, over those that all have */
  constructor(
    private readonly address: PostgresAddress,
    private readonly overrides: ClientConfig = {},
  ) {}

  /** Whether it is open, or being opened. */
  get isOpen(): boolean {
    return this.client !== undefined;
  }

  /** Rejects with the driver's error when it can't be opened. */
  get(): Promise<Client> {
    return (this.client ??= this.connect());
  }

  /** Ends the connection without a goodbye, which a silent server would never answer. */
  drop(): void {
    const dropped = this.client;
    this.client = undefined;
    dropped?.then(destroy, () => undefined);
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    await client?.end();
  }

  private connect(): Promise<Client> {
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
