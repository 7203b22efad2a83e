import type { LogLine } from './log-line';

/** A line, and from which of several logs it is. */
export interface MergedLine<Source> {
  readonly source: Source;
  readonly line: LogLine;
}

interface Head<Source> {
  readonly source: Source;
  readonly pieces: AsyncIterator<readonly LogLine[]>;
  lines: readonly LogLine[];
  at: number;
}

/** Lines that are given at once, at most. */
const longestPiece = 1_000;

/** Several logs as one, by time; lines of one log stay in their order. */
export async function* mergedByTime<Source>(logs: ReadonlyMap<Source, AsyncIterable<readonly LogLine[]>>): AsyncGenerator<readonly MergedLine<Source>[]> {
  const all = await Promise.all([...logs].map(([source, pieces]) => filled({ source, pieces: pieces[Symbol.asyncIterator](), lines: [], at: 0 })));
  const heads = new Set(all.filter((head) => head !== undefined));
  for (let piece: MergedLine<Source>[] = []; heads.size > 0; piece = []) {
    while (heads.size > 0 && piece.length < longestPiece) {
      const head = earliest(heads);
      piece.push({ source: head.source, line: head.lines[head.at++]! });
      if (head.at === head.lines.length && (await filled(head)) === undefined) heads.delete(head);
    }
    yield piece;
  }
}

/** With its next line; nothing when there is none. */
async function filled<Source>(head: Head<Source>): Promise<Head<Source> | undefined> {
  do {
    const next = await head.pieces.next();
    if (next.done) return undefined;
    [head.lines, head.at] = [next.value, 0];
  } while (head.lines.length === 0);
  return head;
}

function earliest<Source>(heads: ReadonlySet<Head<Source>>): Head<Source> {
  let found: Head<Source> | undefined;
  for (const head of heads) if (found === undefined || head.lines[head.at]!.time < found.lines[found.at]!.time) found = head;
  return found!;
}
