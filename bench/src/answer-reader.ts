/** Cuts one connection's bytes into answers. Only what this benchmark needs: no pipelining, every answer with a Content-Length. */
export class AnswerReader {
  private begun: Buffer | undefined;

  /**
   * Takes what arrived.
   *
   * @returns the status and the body once the answer is complete
   * @throws Error for an answer without a Content-Length
   */
  push(chunk: Buffer): Answer | undefined {
    const bytes = this.begun === undefined ? chunk : Buffer.concat([this.begun, chunk]);
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd !== -1) {
      const head = bytes.toString('latin1', 0, headEnd);
      const end = headEnd + 4 + bodyLength(head);
      if (bytes.length >= end) {
        this.begun = undefined;
        return { status: Number(head.slice(9, 12)), body: bytes.subarray(headEnd + 4, end) };
      }
    }
    this.begun = bytes;
    return undefined;
  }
}

/** One HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const contentLength = /\r\ncontent-length: *(\d+)/i;

function bodyLength(head: string): number {
  const length = contentLength.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer has no Content-Length:\n${head}`);
  return Number(length);
}
