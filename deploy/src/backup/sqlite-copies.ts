import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import { answerOf, type CommandPlace, streamOf } from './command-place';
import { copyHead, receiveCopy, type ReceivedCopy } from './copy-stream';
import { cleanUpMs, gotDataWords, type Restoring, type RestoreTools } from './restoring';
import type { SqliteStore } from './store';

type Program = Pick<SqliteStore, 'backup' | 'restore' | 'reference'>;

/** Takes a copy of a SQLite file by the service's own program. */
export function copySqlite(place: CommandPlace, store: Program, path: string, signal: AbortSignal): Promise<ReceivedCopy> {
  return streamOf(place, store.backup, { signal }, (chunks) => receiveCopy(chunks, path, nameOf(store.reference)));
}

/** What the program says of the files: by their numbers on their disk. */
interface Status {
  readonly live?: string;
  /** Staged, or waiting for the service's next start. */
  readonly waiting?: string;
  readonly holdsData: boolean;
}

/** Replaces a SQLite file by the service's own program. */
export function sqliteRestore(store: Program, { place, signal, checkMayWrite }: RestoreTools): Restoring {
  const run = (words: readonly string[], stdin?: Readable, until = signal) =>
    answerOf<Status>(place, [...store.restore, ...words], { signal: until, ...(stdin && { stdin }) });
  let staged: string | undefined;
  return {
    holdsData: async () => (await run(['status'])).holdsData,
    async stage(archived, path) {
      checkMayWrite();
      staged = (await run(['stage'], Readable.from(joined(copyHead(archived), path)))).waiting;
    },
    async switchOver(overwrite) {
      checkMayWrite();
      await run(['switch', ...(overwrite ? ['overwrite'] : [])]);
    },
    async isServed() {
      const { live, waiting } = await run(['status']);
      if (live !== staged && waiting === undefined) throw new Refused(gotDataWords(nameOf(store.reference)));
      return live === staged;
    },
    cleanUp: async () => void (await run(['discard'], undefined, AbortSignal.timeout(cleanUpMs))),
  };
}

async function* joined(head: Buffer, path: string): AsyncGenerator<Buffer> {
  yield head;
  for await (const chunk of createReadStream(path)) yield chunk as Buffer;
}
