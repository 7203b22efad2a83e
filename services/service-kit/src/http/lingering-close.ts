import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** Most milliseconds that a connection is read on after its last answer, for a client that goes on sending. */
const lingerMs = 1_000;

/**
 * Closes a connection so that its client can read the last answer, whatever it still sends: our FIN first, then what comes is thrown
 * away until the client's FIN or for {@link lingerMs}. Closing with unread bytes would reset the connection, and a reset takes an answer that
 * the client has not read yet with it (RFC 9112 section 9.6).
 */
export function closeLingering(socket: Socket): void {
  // The parser listened here: nothing that still comes is a request.
  socket.removeAllListeners('data');
  socket.on('data', () => undefined).resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => Socket.prototype.destroySoon.call(socket));
  socket.end();
}

/** Has a connection close so, should it close after the answer to a request that has not arrived whole yet. */
export function lingerAfter(request: IncomingMessage): void {
  const { socket } = request;
  // What Node's server calls after an answer with `Connection: close`.
  socket.destroySoon = () => {
    if (request.complete) Socket.prototype.destroySoon.call(socket);
    else closeLingering(socket);
  };
}
