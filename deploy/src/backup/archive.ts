import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Refused, UsageError } from '../exit-codes';
import { isObject } from '../manifests/json';
import type { Stack } from '../stack/stack';
import type { CopyFacts, ReceivedCopy, TableFacts } from './copy-stream';

/** The newest form of archives that this release reads; it writes it too. */
const format = 1;

/** One store of an archive. */
export interface ArchivedStore extends CopyFacts {
  readonly kind: 'sqlite' | 'postgres';
  /** In the archive's folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tables: readonly TableFacts[];
}

/** What an archive is of: its `manifest.json`. */
export interface ArchiveManifest {
  readonly format: typeof format;
  readonly stack: string;
  readonly namespace: string;
  /** The cluster's uid. */
  readonly cluster: string;
  /** By ISO 8601. What was acknowledged before the first is in it. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The release that wrote it. */
  readonly berth: string;
  readonly stores: readonly ArchivedStore[];
}

/** An archive that is being written: nobody takes it for one before it is finished. */
export interface ArchiveInProgress {
  /** Where a store's copy is to be written. */
  pathOf(file: string): string;
  /** Makes it an archive, which lasts. @returns its folder */
  finish(manifest: ArchiveManifest): Promise<string>;
  discard(): Promise<void>;
}

const manifestName = 'manifest.json';

/** As `sha256sum` writes it, so that a person can look without Berth. */
const sumsName = 'SHA256SUMS';

/**
 * Begins an archive: the folder `to`, or where that is there already a folder in it, named by stack and time. For its owner's eyes alone.
 *
 * @throws UsageError when it can't be made there
 */
export async function beginArchive(to: string, { namespace, name }: Stack, now = new Date()): Promise<ArchiveInProgress> {
  const folder = isFolder(to) ? join(to, `${namespace}.${name}-${now.toISOString().replaceAll(':', '-').replace(/\..*/, 'Z')}`) : resolve(to);
  if (existsSync(folder)) throw new UsageError(`--to ${to}: ${folder} is there already: name a new folder, or one to put backups in`);
  const partial = `${folder}.partial-${randomUUID()}`;
  await mkdir(partial, { mode: 0o700 }).catch((cause: unknown) => {
    throw new UsageError(`--to ${to}: no folder can be made there (${(cause as NodeJS.ErrnoException).code}): name one in a folder that you may write to`, {
      cause,
    });
  });
  return {
    pathOf: (file) => join(partial, file),
    async finish(manifest) {
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      const sums = [...manifest.stores.map(({ sha256, file }) => [sha256, file]), [sha256Of(text), manifestName]];
      await lasting(join(partial, manifestName), text);
      await lasting(join(partial, sumsName), sums.map(([sum, file]) => `${sum}  ${file}\n`).join(''));
      await syncFolder(partial);
      await rename(partial, folder);
      await syncFolder(dirname(folder));
      return folder;
    },
    discard: () => rm(partial, { recursive: true, force: true }),
  };
}

/** The entry of a store. */
export function archivedStore(kind: ArchivedStore['kind'], file: string, { facts, tables, bytes, sha256 }: ReceivedCopy): ArchivedStore {
  const { service, schema, server, size } = facts;
  return { service, kind, schema, server, ...(size !== undefined && { size }), file, bytes, sha256, tables };
}

async function lasting(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Reads an archive, and each of its files to the end.
 *
 * @throws UsageError when it is none
 * @throws Refused when a byte of it isn't what was written, or a newer Berth wrote it
 */
export async function readArchive(folder: string): Promise<ArchiveManifest> {
  const text = manifestText(folder);
  const sums = sumsOf(folder);
  if (sums.get(manifestName) !== sha256Of(text)) throw damaged(folder, `${manifestName} is not what ${sumsName} says`);
  const manifest = parsed(folder, text);
  for (const { file, sha256, bytes } of manifest.stores) {
    const path = join(folder, file);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw damaged(folder, `${file} is missing`);
    if (size !== bytes) throw damaged(folder, `${file} has ${size} bytes, and had ${bytes}`);
    if (sums.get(file) !== sha256 || (await sha256OfFile(path).catch(unreadable(folder, file))) !== sha256)
      throw damaged(folder, `the bytes of ${file} are others than were written`);
  }
  return manifest;
}

function damaged(folder: string, what: string, options?: ErrorOptions): Refused {
  return new Refused(`${folder} is damaged: ${what}: take another backup, or another copy of this one`, options);
}

function unreadable(folder: string, name: string): (cause: unknown) => never {
  return (cause) => {
    const { code } = cause as NodeJS.ErrnoException;
    throw damaged(folder, code === 'ENOENT' ? `${name} is missing` : `${name} can't be read (${code})`, { cause });
  };
}

function textOf(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    return unreadable(folder, name)(cause);
  }
}

function manifestText(folder: string): string {
  if (!isFolder(folder)) throw new UsageError(`--from ${folder}: it is no folder that can be read: name one that berth backup made`);
  if (existsSync(join(folder, manifestName))) return textOf(folder, manifestName);
  const inside = readdirSync(folder).filter((name) => existsSync(join(folder, name, manifestName)));
  const cure = inside.length > 0 ? `name one of those in it: ${inside.toSorted().slice(-5).join(', ')}` : 'name one that berth backup made';
  throw new UsageError(`--from ${folder}: it is no backup, because it has no ${manifestName}: ${cure}`);
}

function sumsOf(folder: string): ReadonlyMap<string, string> {
  const lines = textOf(folder, sumsName).trimEnd().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

function parsed(folder: string, text: string): ArchiveManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--from ${folder}: its ${manifestName} is no JSON: name a folder that berth backup made`, { cause });
  }
  const found = isObject(value) ? value['format'] : undefined;
  if (typeof found === 'number' && found > format)
    throw new Refused(`${folder} was written by a newer berth, in format ${found}: this one reads ${format}; take the newer one`);
  const wrong = wrongMember(value, '', manifestMembers) ?? (value as ArchiveManifest).stores.map(wrongInStore).find((member) => member !== undefined);
  if (wrong === undefined) return value as ArchiveManifest;
  const where = wrong === '' ? '' : `, by its ${wrong}`;
  throw new UsageError(`--from ${folder}: its ${manifestName} is no backup's${where}: name a folder that berth backup made`);
}

/** Whether a member is as it should be, for each of an object. */
type Members<Whole> = Readonly<Record<keyof Whole, (value: unknown) => boolean>>;

const isText = (value: unknown) => typeof value === 'string';
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const manifestMembers: Members<ArchiveManifest> = {
  format: (value) => value === format,
  stack: isText,
  namespace: isText,
  cluster: isText,
  startedAt: isText,
  finishedAt: isText,
  berth: isText,
  stores: (value) => Array.isArray(value) && value.length > 0,
};

const tableMembers: Members<TableFacts> = { table: isText, rows: isCount, hash: isText };

const storeMembers: Members<ArchivedStore> = {
  service: isText,
  kind: (value) => value === 'sqlite' || value === 'postgres',
  schema: isCount,
  server: isText,
  size: (value) => value === undefined || isCount(value),
  // what names files is never followed out of the folder
  file: (value) => typeof value === 'string' && /^[\w-][\w.-]*$/.test(value),
  bytes: isCount,
  sha256: isText,
  tables: (value) => Array.isArray(value) && value.every((table) => wrongMember(table, '', tableMembers) === undefined),
};

function wrongInStore(store: unknown, index: number): string | undefined {
  return wrongMember(store, `stores[${index}]`, storeMembers);
}

/** Where an object isn't as it should be: itself, or its first such member. */
function wrongMember<Whole>(value: unknown, place: string, members: Members<Whole>): string | undefined {
  if (!isObject(value)) return place;
  const wrong = (Object.keys(members) as (keyof Whole & string)[]).find((name) => !members[name](value[name]));
  return wrong && (place === '' ? wrong : `${place}.${wrong}`);
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
