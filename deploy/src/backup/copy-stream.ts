import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { CommandError } from '../exit-codes';

/** What one table holds. */
export interface TableFacts {
  readonly table: string;
  readonly rows: number;
  /** The same for the same rows. */
  readonly hash: string;
}

/** What a copy of a store says of itself. */
export interface CopyFacts {
  /** Whose it is. */
  readonly service: string;
  /** Its newest migration. */
  readonly schema: number;
  /** What wrote it, such as `PostgreSQL 17.6`. */
  readonly server: string;
  /** Bytes that the store takes on its own disk, where that is more than the copy's. */
  readonly size?: number;
}

/** A copy as it was received. */
export interface ReceivedCopy {
  readonly facts: CopyFacts;
  readonly tables: readonly TableFacts[];
  readonly bytes: number;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
}

/** Bytes that the lines before a copy may have. */
const longestHead = 1024 * 1024;

/**
 * Writes a copy to a new file, which lasts when this returns. It comes as lines of JSON (its facts, then each table's), an empty line, and then what
 * goes into the file.
 *
 * @param place - whose copy it is, for messages
 */
export async function receiveCopy(chunks: AsyncIterable<Buffer>, path: string, place: string): Promise<ReceivedCopy> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    let [head, bytes, isHead] = [Buffer.alloc(0), 0, true];
    for await (const chunk of chunks) {
      let content = chunk;
      if (isHead) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\n\n');
        if (end === -1 && head.length > longestHead) break;
        if (end === -1) continue;
        [content, head, isHead] = [head.subarray(end + 2), head.subarray(0, end), false];
      }
      hash.update(content);
      bytes += content.length;
      await file.writeFile(content);
    }
    if (isHead || bytes === 0) throw new CommandError(`${place}: what came is no copy: its program is of another release than its manifest`);
    await file.sync();
    return { ...parsedHead(head.toString(), place), bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

function parsedHead(text: string, place: string): Pick<ReceivedCopy, 'facts' | 'tables'> {
  try {
    const [facts, ...tables] = text.split('\n').map((line) => JSON.parse(line) as unknown);
    return { facts: facts as CopyFacts, tables: tables as TableFacts[] };
  } catch (cause) {
    throw new CommandError(`${place}: what came is no copy: its program is of another release than its manifest`, undefined, { cause });
  }
}

/** The lines that come before a copy that is sent, with the empty one. */
export function copyHead({ bytes, sha256, tables }: Pick<ReceivedCopy, 'bytes' | 'sha256' | 'tables'>): Buffer {
  return Buffer.from(`${[{ bytes, sha256 }, ...tables].map((line) => JSON.stringify(line)).join('\n')}\n\n`);
}
