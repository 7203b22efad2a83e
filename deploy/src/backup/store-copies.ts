import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Cluster } from '../cluster/cluster';
import { CommandError, Refused } from '../exit-codes';
import { nameOf } from '../manifests/kubernetes-object';
import type { ArchivedStore } from './archive';
import { copyHead, receiveCopy, type ReceivedCopy, type TableFacts } from './copy-stream';
import { makeHelperPod } from './helper-pod';
import { discardScript, dumpScript, stageScript, statusScript, switchScript } from './postgres-scripts';
import { runIn, streamFrom } from './run-in-container';
import type { PostgresStore, ReachableStore, SqliteStore } from './store';
import { servingContainer, serverContainer } from './store-pods';

/** Takes a copy of a store while it is served: all that was acknowledged before is in it. */
export async function takeCopy(cluster: Cluster, store: ReachableStore, path: string, signal: AbortSignal): Promise<ReceivedCopy> {
  const place = nameOf(store.reference);
  const read = (chunks: AsyncIterable<Buffer>) => receiveCopy(chunks, path, place);
  if (store.kind === 'sqlite') return streamFrom(cluster, await servingContainer(cluster, store), store.backup, { signal }, read);
  return streamFrom(cluster, await serverContainer(cluster, store), bash(dumpScript, store.database, store.schemaQuery), { signal }, read);
}

/** A store that is to be replaced by a copy. */
export interface Restoring {
  readonly store: ReachableStore;
  /** Whether what is served has data of the service's own. */
  holdsData(): Promise<boolean>;
  /** Brings the copy to where it will be served, beside what is served, and makes sure that it is what the archive says. */
  stage(archived: ArchivedStore, path: string): Promise<void>;
  /** What is staged takes the place of what is served: at once, or with the next start of the service. Never half. */
  switchOver(overwrite: boolean): Promise<void>;
  /** Whether what is served now is what was staged. */
  isServed(): Promise<boolean>;
  /** Forgets what was staged and not served, and what was replaced. */
  cleanUp(): Promise<void>;
}

/** Prepares for replacing a store. @param deadline - by `performance.now()` */
export async function beginRestore(cluster: Cluster, store: ReachableStore, deadline: number, signal: AbortSignal): Promise<Restoring> {
  return store.kind === 'sqlite' ? sqliteRestore(cluster, store, deadline, signal) : postgresRestore(cluster, store, signal);
}

interface SqliteStatus {
  readonly live?: string;
  readonly waiting?: string;
  readonly holdsData: boolean;
}

async function sqliteRestore(cluster: Cluster, store: SqliteStore, deadline: number, signal: AbortSignal): Promise<Restoring> {
  const helper = await makeHelperPod(cluster, store, deadline, signal);
  const run = async (words: readonly string[], stdin?: Readable) => {
    const text = await runIn(cluster, helper.where, [...store.restore, ...words], { signal, ...(stdin && { stdin }) });
    return JSON.parse(text) as SqliteStatus;
  };
  let staged: string | undefined;
  return {
    store,
    holdsData: async () => (await run(['status'])).holdsData,
    async stage(archived, path) {
      const copy = Readable.from(joined(copyHead(archived), path));
      staged = (await run(['stage'], copy)).waiting;
    },
    async switchOver(overwrite) {
      cluster.checkMayWrite();
      await run(['switch', ...(overwrite ? ['overwrite'] : [])]);
    },
    async isServed() {
      const { live, waiting } = await run(['status']);
      if (live !== staged && waiting === undefined)
        throw new Refused(`${nameOf(store.reference)} was given data while its backup was brought in, so it was left as it is: say --overwrite to lose them`);
      return live === staged;
    },
    async cleanUp() {
      await run(['discard']).catch(() => undefined);
      await helper.remove();
    },
  };
}

async function* joined(head: Buffer, path: string): AsyncGenerator<Buffer> {
  yield head;
  for await (const chunk of createReadStream(path)) yield chunk as Buffer;
}

interface PostgresStatus {
  readonly live: string;
  readonly staged: string;
  readonly holdsData: boolean;
}

async function postgresRestore(cluster: Cluster, store: PostgresStore, signal: AbortSignal): Promise<Restoring> {
  const { database, role, schemaQuery, bookkeeping } = store;
  const where = await serverContainer(cluster, store);
  const run = (command: readonly string[], stdin?: Readable) => runIn(cluster, where, command, { signal, ...(stdin && { stdin }) });
  const status = async () => JSON.parse(await run(bash(statusScript, database, bookkeeping.join(',')))) as PostgresStatus;
  let staged: string | undefined;
  return {
    store,
    holdsData: async () => (await status()).holdsData,
    async stage(archived, path) {
      cluster.checkMayWrite();
      const { size = archived.bytes } = archived;
      const lines = await run(bash(stageScript, database, role, schemaQuery, String(size)), createReadStream(path));
      assertSame(store, archived, lines);
      ({ staged } = await status());
    },
    async switchOver(overwrite) {
      cluster.checkMayWrite();
      if (!overwrite && (await status()).holdsData)
        throw new Refused(`${nameOf(store.reference)} was given data while its backup was brought in, so it was left as it is: say --overwrite to lose them`);
      await run(bash(switchScript, database));
    },
    isServed: async () => (await status()).live === staged,
    cleanUp: async () => void (await run(bash(discardScript, database))),
  };
}

/** @throws CommandError when what was brought in isn't what was copied */
function assertSame({ reference }: PostgresStore, archived: ArchivedStore, text: string): void {
  const [facts, ...tables] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  const { service, schema } = facts as { service: string; schema: number };
  const place = nameOf(reference);
  if (service !== archived.service || schema !== archived.schema)
    throw new CommandError(`${place}: the restored database says that it is of ${service}, schema ${schema}: the archive is not what its manifest says`);
  const differing = differingTables(archived.tables, tables as TableFacts[]);
  if (differing.length > 0)
    throw new CommandError(`${place}: the restored database holds other rows than were copied, in ${differing.join(', ')}: nothing was changed`);
}

/** Names of tables that don't hold the same. */
export function differingTables(one: readonly TableFacts[], other: readonly TableFacts[]): string[] {
  const names = new Set([...one, ...other].map(({ table }) => table));
  const textOf = (tables: readonly TableFacts[], name: string) =>
    tables
      .filter(({ table }) => table === name)
      .map(({ rows, hash }) => `${rows} ${hash}`)
      .join();
  return [...names].filter((name) => textOf(one, name) !== textOf(other, name));
}

function bash(script: string, ...args: readonly string[]): string[] {
  return ['bash', '-c', script, 'berth', ...args];
}
