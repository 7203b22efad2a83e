import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * What clients that don't read may cost. Answers that the kernel doesn't take at once stay in memory: each for a while only, and all together up to a bound.
 *
 * - `timeoutMs`: longest time until an answer is taken, 30 s like the time for a request.
 * - `bytes`: most bytes of all such answers, 32 MiB: with the copy of their text an eighth of a container of 256 MiB each. Above it a large answer is refused.
 * - `stalledBytes`, `stalledMs`: above 16 MiB, connections that took nothing whole for a second are closed, the oldest first.
 * - `smallBytes`: answers up to 64 KiB, so that errors and probes always pass.
 */
export const unsentBounds = {
  timeoutMs: 30_000,
  bytes: 32 * 1024 * 1024,
  stalledBytes: 16 * 1024 * 1024,
  stalledMs: 1_000,
  smallBytes: 64 * 1024,
} as const;

interface Unsent {
  readonly bytes: number;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** Counts and bounds the answers of a process that wait for their clients. */
export class UnsentAnswers {
  private bytes = 0;
  /** In the order of their coming: the oldest is first. */
  private readonly waiting = new Map<Socket, Unsent>();

  /** Whether there is room for an answer of so many bytes, should its client not read it. */
  admits(bytes: number): boolean {
    return bytes <= unsentBounds.smallBytes || this.bytes + bytes <= unsentBounds.bytes;
  }

  /** Call after an answer was ended: watches it until it is taken. Costs nothing for one that the kernel took at once. */
  watch(response: ServerResponse): void {
    const { socket } = response;
    if (socket === null || socket.writableLength === 0) return;
    const timer = setTimeout(() => socket.destroy(), unsentBounds.timeoutMs);
    this.waiting.set(socket, { bytes: socket.writableLength, since: performance.now(), timer });
    this.bytes += socket.writableLength;
    response.once('close', () => this.forget(socket));
    this.closeStalled();
  }

  private closeStalled(): void {
    const stalledSince = performance.now() - unsentBounds.stalledMs;
    for (const [socket, { since }] of this.waiting) {
      if (this.bytes <= unsentBounds.stalledBytes || since > stalledSince) return;
      socket.destroy();
      this.forget(socket);
    }
  }

  private forget(socket: Socket): void {
    const unsent = this.waiting.get(socket);
    if (unsent === undefined) return;
    clearTimeout(unsent.timer);
    this.waiting.delete(socket);
    this.bytes -= unsent.bytes;
  }
}
