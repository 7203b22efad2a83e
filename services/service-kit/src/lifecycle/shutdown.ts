import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../logger';

/** Milliseconds to serve on after SIGTERM, so that requests already on their way are answered (with `Connection: close`). */
export const serveOnMs = 500;

/** Milliseconds between two closings of idle connections. */
const closeIdleIntervalMs = 100;

/** What ends when a service ends. */
export interface ShutdownParts {
  readonly server: Server;
  readonly silentSockets: SilentSockets;
  readonly logger: Logger;
  /** Longest time for requests in flight from the call on, in milliseconds. */
  readonly timeoutMs: number;
  /** Called first: readiness turns to 503 and answers say `Connection: close`. */
  startDraining(): void;
  /** Called last: stores, peers, the log. */
  closeResources(): Promise<void>;
}

/**
 * Ends a service without losing a request: serve on, close idle connections until none is left, then close the rest.
 *
 * @returns the exit code: 0, or 1 when connections had to be cut
 */
export async function shutDown({ server, silentSockets, logger, timeoutMs, startDraining, closeResources }: ShutdownParts): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  logger.info('draining');
  startDraining();
  await new Promise((resolve) => setTimeout(resolve, Math.min(serveOnMs, timeoutMs / 2)));
  await untilQuiet(server, Math.min(performance.now() + quietTimeoutMs, deadline));
  const clean = await closeServer(server, silentSockets, Math.max(0, deadline - performance.now()));
  if (!clean) logger.error({ timeout_ms: timeoutMs }, 'requests in flight were cut: the shutdown timeout passed');
  await closeResources();
  logger.info({ clean }, 'stopped');
  return clean ? 0 : 1;
}

/** Most milliseconds to wait for a busy process to catch up. */
const quietTimeoutMs = 5_000;

/** Turns of the event loop without a new connection or request that count as caught up, and how long one may take, in milliseconds. */
const [quietTurns, quietTurnMs] = [3, 5];

/**
 * Waits until the process has caught up with what the kernel holds for it. A busy event loop accepts one connection and reads one request a
 * turn: closing before it has read on would reset requests that arrived long ago.
 */
async function untilQuiet(server: Server, deadline: number): Promise<void> {
  let arrivals = 0;
  const count = () => void arrivals++;
  server.on('connection', count).on('request', count);
  for (let quiet = 0; quiet < quietTurns && performance.now() < deadline;) {
    const [before, startedAt] = [arrivals, performance.now()];
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    quiet = arrivals === before && performance.now() - startedAt < quietTurnMs ? quiet + 1 : 0;
  }
  server.off('connection', count).off('request', count);
}

function closeServer(server: Server, silent: SilentSockets, timeoutMs: number): Promise<boolean> {
  const closeIdle = () => {
    server.closeIdleConnections();
    silent.close();
  };
  return new Promise((resolve) => {
    const end = (clean: boolean) => {
      clearInterval(idle);
      clearTimeout(cut);
      resolve(clean);
    };
    // From setImmediate: after the loop has read what arrived, so that no connection with an unread request counts as idle.
    const idle = setInterval(() => setImmediate(closeIdle), closeIdleIntervalMs);
    const cut = setTimeout(() => {
      server.closeAllConnections();
      end(false);
    }, timeoutMs);
    server.close(() => end(true));
    closeIdle();
  });
}

/** Connections on which nothing was sent yet. Node does not count them as idle: it knows only those between two requests. */
export interface SilentSockets {
  /** Closes them. */
  close(): void;
}

/** Watches a server for connections that stay silent. */
export function watchSilentSockets(server: Server): SilentSockets {
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return {
    close() {
      for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}
