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
  /** Longest wait for requests in flight, in milliseconds. */
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
  logger.info('draining');
  startDraining();
  await new Promise((resolve) => setTimeout(resolve, Math.min(serveOnMs, timeoutMs)));
  const clean = await closeServer(server, silentSockets, timeoutMs);
  if (!clean) logger.error({ timeout_ms: timeoutMs }, 'requests in flight were cut: the shutdown timeout passed');
  await closeResources();
  logger.info({ clean }, 'stopped');
  return clean ? 0 : 1;
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
    const idle = setInterval(closeIdle, closeIdleIntervalMs);
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
