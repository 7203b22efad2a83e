import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { ApiError, Unreachable } from './api-error';
import type { Endpoint } from './endpoint';

/** What is asked for: a path that begins with a slash, its parts encoded, and a query in which a name may stand several times. */
export interface StreamCall {
  readonly path: string;
  readonly query?: URLSearchParams;
}

/** Milliseconds of silence after which the other side is asked whether it is there still: a way through a firewall ends without a word. */
const keepAliveMs = 15_000;

/** What has no end of its own: a log that is followed, bytes to and from a container. Each has a connection to itself. */
export class Streams {
  constructor(
    private readonly endpoint: Endpoint,
    private readonly onAnswer: (line: string) => void,
  ) {}

  /**
   * An answer as it comes in. It ends by itself when the server has no more to say.
   *
   * @param signal - ends it; it is destroyed then
   * @throws ApiError, Unreachable
   */
  async follow(call: StreamCall, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, streamAgent, headers } = this.endpoint;
    const url = this.urlOf(call);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send(url, { agent: streamAgent, headers: { ...headers(), accept: '*/*' }, signal }, resolve)
        .on('error', (error) => reject(new Unreachable(server, error)))
        .end();
    });
    response.socket.setKeepAlive(true, keepAliveMs);
    this.onAnswer(`GET ${url.pathname}${url.search} ${response.statusCode === 200 ? 'streams' : response.statusCode}`);
    if (response.statusCode !== 200) throw ApiError.of(response.statusCode!, await textOf(response), undefined);
    return response;
  }

  /**
   * Channels of bytes, as exec and port-forward use them: each message of the stream, read or written, is a channel's number and then its bytes.
   *
   * @param protocols - subprotocols that may be spoken, the preferred one first
   * @throws ApiError, Unreachable
   */
  async channels(call: StreamCall, protocols: readonly string[]): Promise<Duplex> {
    const { server, streamAgent, headers } = this.endpoint;
    const url = this.urlOf(call);
    // few commands need it
    const { default: WebSocket, createWebSocketStream } = await import('ws');
    const socket = new WebSocket(url, [...protocols], { agent: streamAgent, headers: headers(), perMessageDeflate: false });
    const stream = createWebSocketStream(socket, { readableObjectMode: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('upgrade', (response: IncomingMessage) => response.socket.setKeepAlive(true, keepAliveMs));
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        void textOf(response).then((text) => reject(ApiError.of(response.statusCode!, text, undefined)), reject);
      });
      stream.once('error', (error) => reject(new Unreachable(server, error)));
    }).catch((error: unknown) => {
      stream.on('error', () => undefined).destroy();
      this.onAnswer(`GET ${url.pathname}${url.search} ${error instanceof ApiError ? error.code : 'not answered'}`);
      throw error;
    });
    this.onAnswer(`GET ${url.pathname}${url.search} streams`);
    return stream;
  }

  private urlOf({ path, query }: StreamCall): URL {
    const url = new URL(this.endpoint.server.href.replace(/\/$/, '') + path);
    url.search = query?.toString() ?? '';
    return url;
  }
}
