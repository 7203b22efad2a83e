import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * The order on a connection. Node hands out pipelined requests as they arrive, all at once; here each waits for its turn: it is carried out when
 * those before it are answered, and never when one of those answers closes the connection (RFC 9112 sections 9.3.2 and 9.6).
 */
export class Turns {
  private readonly latest = new WeakMap<Duplex, ServerResponse<IncomingMessage>>();
  private readonly broken = new WeakSet<Duplex>();

  /** Carries a request out in its turn: at once, when nothing is ahead of it. */
  take(request: IncomingMessage, response: ServerResponse, carryOut: () => void): void {
    const { socket } = request;
    // Behind an answer that closes the connection.
    if (socket.writableEnded) return;
    this.latest.set(socket, response);
    // Node gives a response its socket when the one before is written.
    if (response.socket !== null) carryOut();
    else response.once('socket', carryOut);
  }

  /** Refuses what comes next on a connection that can't be read any further, after the answers that are still due. Does so once. */
  refuse(socket: Duplex, answer: () => void): void {
    if (this.broken.has(socket)) return;
    this.broken.add(socket);
    const refuse = () => {
      if (socket.writable) answer();
      else socket.destroy();
    };
    const last = this.latest.get(socket);
    if (last === undefined || last.writableFinished) refuse();
    else if (last.req.complete) last.once('finish', refuse);
    // The fault is in the last request itself: it is answered by this, unless it has its answer already.
    else if (last.headersSent) socket.destroy();
    else if (last.socket === null) last.once('socket', refuse);
    else refuse();
  }
}
