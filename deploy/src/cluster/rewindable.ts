import type { Readable } from 'node:stream';

/** Bytes that are kept for another try. */
const mostKept = 1024 * 1024;

/** What a stream brings, read piece by piece, and again from its beginning until {@link Rewindable.forget} says that nobody needs that any more. */
export class Rewindable {
  private readonly source: AsyncIterator<Buffer>;
  private queue: Buffer[] = [];
  private at = 0;
  private keptBytes = 0;
  private isKept = true;
  private reading: Promise<boolean> | undefined;

  constructor(stream: Readable) {
    this.source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Whether it can begin anew: not after much was read. */
  get canRewind(): boolean {
    return this.isKept;
  }

  /** Begins anew. */
  rewind(): void {
    this.at = 0;
  }

  /** Keeps nothing from now on. */
  forget(): void {
    this.isKept = false;
  }

  /**
   * The next piece; nothing at the end.
   *
   * @param isOver - whether the reader has given up meanwhile: then the piece is the next reader's
   */
  async next(isOver: () => boolean): Promise<Buffer | undefined> {
    while (this.at === this.queue.length && !isOver()) if (!(await (this.reading ??= this.read()))) return undefined;
    if (isOver()) return undefined;
    const piece = this.queue[this.at++];
    if (!this.isKept) [this.queue, this.at] = [this.queue.slice(this.at), 0];
    return piece;
  }

  private async read(): Promise<boolean> {
    try {
      const next = await this.source.next();
      if (next.done) return false;
      this.queue.push(next.value);
      this.keptBytes += next.value.length;
      if (this.keptBytes > mostKept) this.isKept = false;
      return true;
    } finally {
      this.reading = undefined;
    }
  }
}
