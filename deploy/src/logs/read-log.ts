import type { IncomingMessage } from 'node:http';
import type { ContainerLocation } from '../cluster/exec';
import type { Streams } from '../cluster/streams';

/** What of a log is asked for. */
export interface LogQuery {
  /** Goes on while the container runs. */
  readonly follow?: boolean;
  /** Of the run before the last restart. */
  readonly previous?: boolean;
  /** A whole second: what is older isn't sent. */
  readonly since?: string | undefined;
  /** The last lines only. */
  readonly tail?: number | undefined;
}

/** Lines as they came, each with its time before it; a character is a byte (latin1). */
export interface RawLines {
  readonly lines: readonly string[];
  /** After the last whole line: a line that has not ended, at the end of what there is. */
  readonly rest?: string;
}

/**
 * Asks once for a container's log.
 *
 * @returns its lines as they come in, when the server has said that it has them; reading them throws when the connection breaks
 * @throws ApiError, Unreachable
 */
export async function openLog(
  streams: Streams,
  { namespace, pod, container }: ContainerLocation,
  { follow, previous, since, tail }: LogQuery,
  signal: AbortSignal,
): Promise<AsyncIterable<RawLines>> {
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    ...(follow && { follow: 'true' }),
    ...(previous && { previous: 'true' }),
    ...(since !== undefined && { sinceTime: since }),
    ...(tail !== undefined && { tailLines: String(tail) }),
  });
  return linesOf(await streams.follow({ path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`, query }, signal));
}

const newline = 0x0a;

async function* linesOf(response: IncomingMessage): AsyncGenerator<RawLines> {
  let begun: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) {
    const end = piece.lastIndexOf(newline);
    if (end < 0) {
      begun.push(piece);
      continue;
    }
    const whole = Buffer.concat([...begun, piece.subarray(0, end)]);
    begun = end + 1 < piece.length ? [piece.subarray(end + 1)] : [];
    yield { lines: whole.toString('latin1').split('\n') };
  }
  if (begun.length > 0) yield { lines: [], rest: Buffer.concat(begun).toString('latin1') };
}
