import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { CommandError, Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { ArchivedStore } from './archive';
import { answerOf, type CommandPlace, outputOf, streamOf } from './command-place';
import { type CopyFacts, receiveCopy, type ReceivedCopy, type TableFacts } from './copy-stream';
import { discardScript, dumpScript, stageScript, statusScript, switchScript } from './postgres-scripts';
import { cleanUpMs, gotDataWords, type Restoring, type RestoreTools } from './restoring';
import type { PostgresStore } from './store';

type Database = Pick<PostgresStore, 'database' | 'role' | 'schemaQuery' | 'bookkeeping' | 'reference'>;

/** Takes a copy of a database by the server's own programs. */
export function copyPostgres(place: CommandPlace, { database, schemaQuery, reference }: Database, path: string, signal: AbortSignal): Promise<ReceivedCopy> {
  return streamOf(place, bash(dumpScript, database, schemaQuery), { signal }, (chunks) => receiveCopy(chunks, path, nameOf(reference)));
}

/** Databases by their numbers; an empty one is none. */
interface Status {
  readonly live: string;
  readonly staged: string;
  readonly holdsData: boolean;
  /** Such as `17`. */
  readonly version: string;
}

/** Replaces a database by the server's own programs. */
export function postgresRestore(store: Database, { place, signal, checkMayWrite }: RestoreTools): Restoring {
  const { database, role, schemaQuery, reference } = store;
  const bookkeeping = store.bookkeeping.join(',');
  const name = nameOf(reference);
  const run = (command: readonly string[], stdin?: Readable, until = signal) => outputOf(place, command, { signal: until, ...(stdin && { stdin }) });
  const status = () => answerOf<Status>(place, bash(statusScript, database, bookkeeping), { signal });
  let staged: string | undefined;
  return {
    holdsData: async () => (await status()).holdsData,
    async stage(archived, path) {
      refuseNewer(name, archived, (await status()).version);
      checkMayWrite();
      const { size = archived.bytes } = archived;
      assertSame(name, archived, await run(bash(stageScript, database, role, schemaQuery, String(size)), createReadStream(path)));
      ({ staged } = await status());
    },
    async switchOver(overwrite) {
      checkMayWrite();
      const said = await run(bash(switchScript, database, bookkeeping, overwrite ? 'overwrite' : ''));
      if (said.trim() === 'holds data') throw new Refused(gotDataWords(name));
    },
    isServed: async () => (await status()).live === staged,
    cleanUp: async () => void (await run(bash(discardScript, database), undefined, AbortSignal.timeout(cleanUpMs))),
  };
}

/** pg_restore reads dumps of its own release and of older ones. */
function refuseNewer(name: string, { server }: CopyFacts, version: string): void {
  const [, written = '0'] = /(\d+)/.exec(server) ?? [];
  if (Number(written) > Number(version))
    throw new Refused(`${name}: the backup was made by ${server}, and the server is PostgreSQL ${version}: put a server of ${written} in its place first`);
}

/** @throws CommandError when what was brought in isn't what was copied */
function assertSame(name: string, archived: ArchivedStore, text: string): void {
  const [facts, ...tables] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  const { service, schema } = facts as Pick<CopyFacts, 'service' | 'schema'>;
  if (service !== archived.service || schema !== archived.schema)
    throw new CommandError(
      `${name}: the database that was brought in is of ${service}, schema ${schema}, and its manifest says something else: nothing was changed`,
    );
  const differing = differingTables(archived.tables, tables as TableFacts[]);
  if (differing.length > 0)
    throw new CommandError(`${name}: the database that was brought in holds other rows than were copied, in ${differing.join(', ')}: nothing was changed`);
}

/** Names of tables that don't hold the same. */
export function differingTables(one: readonly TableFacts[], other: readonly TableFacts[]): string[] {
  const textOf = (tables: readonly TableFacts[], name: string) =>
    tables
      .filter(({ table }) => table === name)
      .map(({ rows, hash }) => `${rows} ${hash}`)
      .join();
  const names = new Set([...one, ...other].map(({ table }) => table));
  return [...names].filter((name) => textOf(one, name) !== textOf(other, name));
}

function bash(script: string, ...args: readonly string[]): string[] {
  return ['bash', '-c', script, 'berth', ...args];
}
