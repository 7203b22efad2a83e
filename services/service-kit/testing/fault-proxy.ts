import { randomInt } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What the proxy does to the traffic that passes it.
 *
 * - `refuse`: nobody listens, and open connections are reset.
 * - `silence`: connections are accepted and requests are read, no byte comes back.
 * - `reset`: RST when a connection is accepted, inside the answer's headers, or inside its body.
 * - `end`: a FIN inside the answer's headers or its body: an incomplete HTTP answer.
 * - `drip`: one byte a second, from the answer's first byte or from its body on.
 * - `vanish`: no byte is answered and no FIN either, not even to a FIN: `pooled` strikes only the
 *   connections that are open now, `all` later ones too. What has vanished stays so.
 * - `latency`: each answer `delayMs` ± `jitterMs` late, evenly spread.
 */
export type ProxyFault =
  | { readonly kind: 'none' | 'refuse' | 'silence' }
  | { readonly kind: 'reset'; readonly at: 'accept' | 'headers' | 'body' }
  | { readonly kind: 'end'; readonly at: 'headers' | 'body' }
  | { readonly kind: 'drip'; readonly from: 'headers' | 'body' }
  | { readonly kind: 'vanish'; readonly scope: 'pooled' | 'all' }
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs: number };

/** Lets a partial answer reach the reader before a RST, which would overtake it in the reader's buffer. */
const FLUSH_MS = 20;
const DRIP_INTERVAL_MS = 1000;

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly timers: Set<NodeJS.Timeout>;
  /** Bytes wait here while the answer is late or drips, so that they stay in order. */
  dueAtMs: number;
  deaf: boolean;
  vanished: boolean;
}

/** A TCP proxy in front of one local server, whose faults can be switched while it serves. */
export class FaultProxy {
  /** Connections accepted so far, served or not. */
  connections = 0;
  /** The most connections that were open at once. */
  mostOpen = 0;
  /** Request heads read so far, answered or not: the tries that the peer saw. */
  requests = 0;
  /** Tries by the `X-Request-Id` that they carried. */
  readonly triesByRequestId = new Map<string, number>();

  readonly #upstreamPort: number;
  readonly #open = new Set<Connection>();
  #server: Server | undefined;
  #fault: ProxyFault = { kind: 'none' };
  #port = 0;

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
  }

  /** Starts a proxy without faults on a free port of 127.0.0.1. */
  static async start(upstreamPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstreamPort);
    await proxy.#listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Switches to a fault, for open connections as well as new ones. */
  async set(fault: ProxyFault): Promise<void> {
    this.#fault = fault;
    if (fault.kind === 'vanish') for (const connection of this.#open) connection.vanished = true;
    if (fault.kind === 'refuse') await this.#stopListening();
    else await this.#listen();
    if (fault.kind === 'refuse' || (fault.kind === 'reset' && fault.at === 'accept')) this.#resetAll();
  }

  /** Forgets what was counted so far. */
  forget(): void {
    this.connections = 0;
    this.mostOpen = this.#open.size;
    this.requests = 0;
    this.triesByRequestId.clear();
  }

  /** Is up for `upMs` and refuses for `downMs`, again and again, for `totalMs`; up at the end. */
  async flap(upMs: number, downMs: number, totalMs: number): Promise<void> {
    const endAtMs = Date.now() + totalMs;
    while (Date.now() < endAtMs) {
      await this.set({ kind: 'refuse' });
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await this.set({ kind: 'none' });
      await new Promise((resolve) => setTimeout(resolve, upMs));
    }
  }

  /** Stops listening and resets every connection, vanished ones too. */
  async close(): Promise<void> {
    await this.#stopListening();
    this.#resetAll();
  }

  async #listen(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.#accept(client);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', 512, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#resetAll();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #resetAll(): void {
    for (const connection of this.#open) this.#drop(connection);
  }

  #accept(client: Socket): void {
    this.connections += 1;
    client.on('error', () => undefined);
    if (!this.#server || (this.#fault.kind === 'reset' && this.#fault.at === 'accept')) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#upstreamPort, '127.0.0.1');
    const vanished = this.#fault.kind === 'vanish' && this.#fault.scope === 'all';
    const connection: Connection = { client, upstream, timers: new Set(), dueAtMs: 0, deaf: false, vanished };
    this.#open.add(connection);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    this.#join(connection);
  }

  #join(connection: Connection): void {
    const { client, upstream } = connection;
    client.on('data', (bytes) => {
      this.#ask(connection, bytes);
    });
    upstream.on('data', (bytes) => {
      this.#answer(connection, bytes);
    });
    const over = () => {
      if (!connection.vanished) this.#drop(connection);
    };
    // The peer's FIN is passed on, after the bytes that still wait.
    upstream.on('error', over).on('end', () => {
      if (!connection.deaf) this.#after(connection, Math.max(0, connection.dueAtMs - Date.now()), () => client.end());
    });
    client.on('end', over).on('close', over);
  }

  #drop(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    for (const timer of connection.timers) clearTimeout(timer);
    connection.client.resetAndDestroy();
    connection.upstream.destroy();
  }

  #ask(connection: Connection, bytes: Buffer): void {
    this.#count(bytes);
    // A request that was swallowed once leaves its connection without an answer for good.
    connection.deaf ||= connection.vanished || this.#fault.kind === 'silence';
    if (!connection.deaf) connection.upstream.write(bytes);
  }

  /** A GET fits one segment on the loopback interface, so each head starts a chunk. */
  #count(bytes: Buffer): void {
    const head = bytes.toString('latin1');
    if (!/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(head)) return;
    this.requests += 1;
    const requestId = /^x-request-id: *(\S+)/im.exec(head)?.[1];
    if (requestId) this.triesByRequestId.set(requestId, (this.triesByRequestId.get(requestId) ?? 0) + 1);
  }

  #answer(connection: Connection, bytes: Buffer): void {
    if (connection.deaf || connection.vanished) return;
    const fault = this.#fault;
    if (fault.kind === 'reset' || fault.kind === 'end') this.#cut(connection, bytes, fault.kind, fault.at);
    else if (fault.kind === 'drip') this.#drip(connection, bytes, fault.from);
    else if (fault.kind === 'latency') {
      const delayMs = fault.delayMs + (fault.jitterMs > 0 ? randomInt(-fault.jitterMs, fault.jitterMs + 1) : 0);
      this.#later(connection, bytes, Math.max(0, delayMs));
    } else if (connection.dueAtMs > Date.now()) this.#later(connection, bytes, 0);
    else connection.client.write(bytes);
  }

  #cut(connection: Connection, bytes: Buffer, how: 'reset' | 'end', at: 'accept' | 'headers' | 'body'): void {
    connection.deaf = true;
    connection.client.write(bytes.subarray(0, at === 'body' ? bodyStart(bytes) + 5 : 20));
    this.#after(connection, FLUSH_MS, () => {
      if (how === 'end') connection.client.end();
      else this.#drop(connection);
    });
  }

  #drip(connection: Connection, bytes: Buffer, from: 'headers' | 'body'): void {
    const start = from === 'body' && connection.dueAtMs === 0 ? bodyStart(bytes) : 0;
    connection.client.write(bytes.subarray(0, start));
    for (const byte of bytes.subarray(start)) this.#later(connection, Buffer.of(byte), DRIP_INTERVAL_MS);
  }

  #later(connection: Connection, bytes: Buffer, delayMs: number): void {
    // Dripped bytes queue one behind the other; late answers are late from now on.
    const fromMs = this.#fault.kind === 'drip' ? Math.max(connection.dueAtMs, Date.now()) : Date.now();
    connection.dueAtMs = Math.max(connection.dueAtMs, fromMs + delayMs);
    this.#after(connection, connection.dueAtMs - Date.now(), () => connection.client.write(bytes));
  }

  #after(connection: Connection, delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      connection.timers.delete(timer);
      if (!connection.vanished) act();
    }, delayMs);
    connection.timers.add(timer);
  }
}

function bodyStart(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  return headEnd < 0 ? 0 : headEnd + 4;
}
