import type { ClientHttp2Session } from 'node:http2';
import { isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { type Request, type Response, textOf } from './exchange';

/**
 * Sends requests side by side on one connection by HTTP/2, as kubectl does. Eight connections of HTTP/1.1 cost a server eight handshakes, which are most
 * of the work that a short command is to it.
 */
export class Http2Connection {
  private session: Promise<ClientHttp2Session | undefined> | undefined;
  private underWay = 0;

  constructor(
    private readonly server: URL,
    private readonly tls: ConnectionOptions,
  ) {}

  /** @returns nothing, and nothing was sent, where the server speaks HTTP/1.1 alone @throws Error of Node.js when it isn't answered to the end */
  async send(request: Request): Promise<Response | undefined> {
    const session = await this.open(request.signal);
    if (session === undefined) return undefined;
    // only what is under way keeps the process alive
    if (this.underWay++ === 0) session.ref();
    try {
      return await exchange(session, request);
    } catch (error) {
      // after a silence nobody knows whether the connection still leads anywhere
      if (request.signal.aborted) session.destroy();
      throw error;
    } finally {
      if (--this.underWay === 0 && !session.destroyed) session.unref();
    }
  }

  /** Ends the connection. */
  close(): void {
    void this.session?.then(
      (session) => session?.destroy(),
      () => undefined,
    );
  }

  /** The connection that is open, else a new one: one that failed, broke or was told to go away is forgotten. */
  private async open(signal: AbortSignal): Promise<ClientHttp2Session | undefined> {
    const opening = (this.session ??= connect(this.server, this.tls, signal));
    try {
      const session = await opening;
      if (session === undefined || !(session.closed || session.destroyed)) return session;
    } catch (error) {
      if (this.session === opening) this.session = undefined;
      throw error;
    }
    if (this.session === opening) this.session = undefined;
    return this.open(signal);
  }
}

async function connect(server: URL, tls: ConnectionOptions, signal: AbortSignal): Promise<ClientHttp2Session | undefined> {
  // loaded while the server answers
  const [socket, { connect: connectHttp2 }] = await Promise.all([secureSocket(server, tls, signal), import('node:http2')]);
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy();
    return undefined;
  }
  // its streams tell of what breaks it
  return connectHttp2(server, { createConnection: () => socket }).on('error', () => undefined);
}

function secureSocket({ hostname, port }: URL, tls: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const name = isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: Number(port || 443), ...name, ...tls, ALPNProtocols: ['h2', 'http/1.1'] });
    // a request is several small writes
    socket.setNoDelay();
    const stop = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', reject).once('secureConnect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function exchange(session: ClientHttp2Session, { method, url, headers, content, signal }: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': `${url.pathname}${url.search}`, ...headers }, { endStream: content === undefined, signal });
    const broke = () => reject(Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' }));
    stream.once('error', reject).once('close', broke);
    stream.once('response', ({ ':status': status = 0, ...answered }) => {
      // from here on the reader of its text tells of its end
      stream.off('close', broke);
      textOf(stream).then((text) => resolve({ status, headers: answered, text }), reject);
    });
    if (content !== undefined) stream.end(content);
  });
}
