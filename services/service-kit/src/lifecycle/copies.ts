import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommonConfiguration } from '../config/configuration';
import type { ConfigurationSchema } from '../declaration';
import { sqlitePath } from '../store/open-store';
import { CopyRefused, copyDatabase } from '../store/sqlite/sqlite-backup';
import { discard, type ExpectedCopy, restoreStatus, stageCopy, switchToCopy } from '../store/sqlite/sqlite-restore';
import type { ServiceDefinition } from './service';

/** What a command reads and writes. */
export interface CopyStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/**
 * Carries out `main.js backup` and `main.js restore …`, by which a SQLite file is copied and put back while the service runs. In both directions a
 * copy is lines of JSON (what it is, then what each table holds), an empty line, and the file.
 *
 * - `backup` writes a copy to stdout.
 * - `restore stage` takes one from stdin and looks it through; `restore discard` forgets it.
 * - `restore switch`, or `switch overwrite` where data may be lost, puts it in the database's place, when the service has ended.
 * - `restore status` says how it stands, as JSON.
 *
 * @throws CopyRefused when it can't be done, with the cure
 */
export async function carryOut<Schema extends ConfigurationSchema>(
  words: readonly string[],
  { declaration, migrations }: ServiceDefinition<Schema>,
  config: CommonConfiguration,
  { stdin, stdout }: CopyStreams,
): Promise<void> {
  if (config.DATABASE_URL !== undefined) throw new CopyRefused('its store is PostgreSQL: copy it with pg_dump, and put it back with pg_restore');
  const path = sqlitePath(declaration, config);
  switch (words.join(' ')) {
    case 'backup':
      return backUp(path, stdout);
    case 'restore stage': {
      const { expected, content } = await readCopy(stdin);
      await stageCopy(path, { name: declaration.name, schema: declaration.store.schema, migrations }, expected, content);
      break;
    }
    case 'restore discard':
      discard(path);
      break;
    case 'restore switch':
    case 'restore switch overwrite':
      switchToCopy(path, words.includes('overwrite'));
      break;
    case 'restore status':
      break;
    default:
      throw new CopyRefused(
        `unknown command ${JSON.stringify(words.join(' '))}: use backup, or restore with stage, switch, switch overwrite, status or discard`,
      );
  }
  stdout.write(`${JSON.stringify(restoreStatus(path))}\n`);
}

async function backUp(path: string, stdout: Writable): Promise<void> {
  const { facts, tables, file } = await copyDatabase(path);
  stdout.write(`${[facts, ...tables].map((line) => JSON.stringify(line)).join('\n')}\n\n`);
  await pipeline(createReadStream('', { fd: file, start: 0 }), stdout, { end: false });
}

/** Longest in bytes that the lines before a file may be. */
const longestHead = 1024 * 1024;

async function readCopy(stdin: Readable): Promise<{ readonly expected: ExpectedCopy; readonly content: AsyncIterable<Buffer> }> {
  const chunks = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let head = Buffer.alloc(0);
  for (let end = -1; end === -1; end = head.indexOf('\n\n')) {
    const next = await chunks.next();
    if (next.done || head.length > longestHead) throw new CopyRefused('what was sent does not begin with the lines of a copy');
    head = Buffer.concat([head, next.value]);
  }
  const end = head.indexOf('\n\n');
  const [facts, ...tables] = parsed(head.subarray(0, end).toString());
  return {
    expected: { ...(facts as Omit<ExpectedCopy, 'tables'>), tables: tables as ExpectedCopy['tables'] },
    content: rest(head.subarray(end + 2), chunks),
  };
}

function parsed(text: string): unknown[] {
  try {
    return text.split('\n').map((line) => JSON.parse(line) as unknown);
  } catch (cause) {
    throw new CopyRefused('what was sent does not begin with the lines of a copy', { cause });
  }
}

async function* rest(first: Buffer, chunks: AsyncIterator<Buffer, undefined>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}
