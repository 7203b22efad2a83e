import { createServer, type IncomingMessage, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { randomUUID } from 'node:crypto';
import type { ExchangeHost } from './exchange';
import { closeLingering } from './lingering-close';
import { Turns } from './turns';
import { Problem, problemBody, problems, type ProblemType } from '../problem';

/**
 * The server's bounds. Times are in milliseconds.
 *
 * - `headersTimeout` 10 s and `requestTimeout` 30 s, looked at every 2 s: slow senders are cut (Node's own are 60, 300 and 30 s).
 * - `keepAliveTimeout` 75 s: longer than the 60 s of common proxies and load balancers, so that they close idle connections first.
 * - `maxHeaderSize` 16 KiB and {@link maxHeaders} fields: above them 431.
 */
export const serverBounds = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
} as const;

/** Most header fields of a request. */
export const maxHeaders = 100;

/** Most connections at once; above it new ones are closed. */
export const maxConnections = 2_000;

/** Makes the HTTP server: bounded, and answering even what Node can't parse with a problem. */
export function createHttpServer(listener: RequestListener, host: ExchangeHost): Server {
  // A missing Host is refused by the app, with a problem; Node's own answer has no body.
  const turns = new Turns();
  const inTurn: RequestListener = (request, response) => turns.take(request, response, () => void listener(request, response));
  const server = createServer({ ...serverBounds, requireHostHeader: false }, inTurn);
  // An unknown expectation is refused by the app too.
  server.on('checkExpectation', inTurn);
  server.maxHeadersCount = maxHeaders + 1;
  server.maxConnections = maxConnections;
  const refuse = (socket: Duplex, type: ProblemType, detail: string) => turns.refuse(socket, () => refuseRaw(socket, new Problem(type, detail), host));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else refuse(socket, ...describe(error));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuse(socket, problems.methodNotAllowed, 'CONNECT is not supported: this is not a proxy');
  });
  return server;
}

function describe(error: NodeJS.ErrnoException): [ProblemType, string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [problems.headersTooLarge, `The request line and header fields may have at most ${serverBounds.maxHeaderSize} bytes`];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [problems.requestTimeout, 'The request did not arrive in time'];
    default:
      return [problems.malformedRequest, 'The request is not well-formed HTTP/1.1'];
  }
}

/** Answers on the bare socket and closes it: nothing that follows on this connection may be read as a request. */
function refuseRaw(socket: Duplex, problem: Problem, { logger, metrics, baseHeaders }: ExchangeHost): void {
  const requestId = randomUUID();
  const { status, code } = problem.type;
  const body = JSON.stringify(problemBody(problem, '/', requestId));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...pairs(baseHeaders),
    `X-Request-Id: ${requestId}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...(status === 405 ? ['Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
  ];
  metrics.httpDuration.labels('other', 'unmatched', String(status)).observe(0);
  logger.info({ request_id: requestId, route: 'unmatched', status, code }, 'request refused');
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  closeLingering(socket as Socket);
}

function pairs(flat: readonly string[]): string[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${flat[i + 1]}`] : []));
}
