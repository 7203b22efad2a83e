import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Refused, UsageError } from '../exit-codes';
import { archivedStore, type ArchiveManifest, beginArchive, readArchive } from './archive';
import { receiveCopy } from './copy-stream';

const stack = { namespace: 'shop', name: 'local' };

describe('an archive', () => {
  let folder: string;
  let archive: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-archive-'));
    archive = await made(join(folder, 'first'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function made(to: string): Promise<string> {
    const progress = await beginArchive(to, stack);
    const head = '{"service":"users","schema":2,"server":"SQLite 3"}\n{"table":"users","rows":1,"hash":"5"}\n\n';
    const chunks = Readable.from([Buffer.from(head.slice(0, 20)), Buffer.from(`${head.slice(20)}con`), Buffer.from('tent\n\nmore')]);
    const copy = await receiveCopy(chunks as AsyncIterable<Buffer>, progress.pathOf('users.db'), 'here');
    const stores = [archivedStore('sqlite', 'users.db', copy)];
    const manifest: ArchiveManifest = { format: 1, stack: 'local', namespace: 'shop', cluster: 'uid', startedAt: '', finishedAt: '', berth: '0', stores };
    return progress.finish(manifest);
  }

  it('is read as it was written: what came before the empty line is in its manifest, what came after it in its file', async () => {
    const { stores } = await readArchive(archive);
    expect(stores).toEqual([
      expect.objectContaining({ service: 'users', schema: 2, bytes: 13, kind: 'sqlite', tables: [{ table: 'users', rows: 1, hash: '5' }] }),
    ]);
    expect(readFileSync(join(archive, 'users.db'), 'utf8')).toBe('content\n\nmore');
    expect(stores[0]!.sha256).toBe(createHash('sha256').update('content\n\nmore').digest('hex'));
  });

  it('is for its owner’s eyes alone', () => {
    for (const file of readdirSync(archive)) expect(statSync(join(archive, file)).mode & 0o777).toBe(0o600);
    expect(statSync(archive).mode & 0o777).toBe(0o700);
  });

  it('becomes a folder of its own in one that is there, and is none before it is finished', async () => {
    const many = join(folder, 'many');
    mkdirSync(many);
    const progress = await beginArchive(many, stack, new Date('2026-01-02T03:04:05.678Z'));
    expect(readdirSync(many)).toEqual([expect.stringMatching(/^shop\.local-2026-01-02T03-04-05Z\.partial-/)]);
    await expect(readArchive(join(many, readdirSync(many)[0]!))).rejects.toThrow(/is no backup, because it has no manifest\.json/);
    await progress.discard();
    expect(readdirSync(many)).toEqual([]);
    const done = await made(many);
    await expect(readArchive(many)).rejects.toThrow(`name one of those in it: ${done.slice(many.length + 1)}`);
  });

  it.each<[string, (at: string) => void, RegExp]>([
    ['a byte of a store is another', (at) => writeFileSync(join(at, 'users.db'), 'Content\n\nmore'), /the bytes of users\.db are others than were written/],
    ['a store is cut off', (at) => truncateSync(join(at, 'users.db'), 5), /users\.db has 5 bytes, and had 13/],
    ['a store is missing', (at) => rmSync(join(at, 'users.db')), /users\.db is missing/],
    ['its manifest was changed', (at) => appendFileSync(join(at, 'manifest.json'), ' '), /manifest\.json is not what SHA256SUMS says/],
    ['its sums are missing', (at) => rmSync(join(at, 'SHA256SUMS')), /SHA256SUMS is missing/],
    ['its sums are no file', (at) => replacedByFolder(join(at, 'SHA256SUMS')), /SHA256SUMS can't be read \(EISDIR\)/],
    ['its manifest is no file', (at) => replacedByFolder(join(at, 'manifest.json')), /manifest\.json can't be read \(EISDIR\)/],
    ['its sums are empty', (at) => truncateSync(join(at, 'SHA256SUMS')), /manifest\.json is not what SHA256SUMS says/],
    [
      'a store and its sum in the manifest differ from SHA256SUMS',
      (at) => writeFileSync(join(at, 'SHA256SUMS'), readFileSync(join(at, 'SHA256SUMS'), 'utf8').replace(/^..../, '0000')),
      /the bytes of users\.db are others than were written/,
    ],
    ['a newer berth wrote it', (at) => changed(at, { format: 2 }), /was written by a newer berth, in format 2/],
  ])('is refused where %s', async (_, damage, sentence) => {
    const damaged = mkdtempSync(join(folder, 'damaged-'));
    cpSync(archive, damaged, { recursive: true });
    damage(damaged);
    await expect(readArchive(damaged)).rejects.toThrow(Refused);
    await expect(readArchive(damaged)).rejects.toThrow(sentence);
  });

  it.each<[string, (at: string) => void]>([
    ['has no manifest', (at) => rmSync(join(at, 'manifest.json'))],
    ['has a manifest that is another’s', (at) => changed(at, { format: undefined })],
    ['names a file outside of it', (at) => changed(at, { stores: [{ file: '../../etc/passwd' }] })],
    ['names no stores', (at) => changed(at, { stores: [] })],
    ['has nothing in its manifest', (at) => rewritten(at, 'null')],
    ['names no stack', (at) => changed(at, { stack: undefined })],
  ])('is none where it %s', async (_, change) => {
    const other = mkdtempSync(join(folder, 'other-'));
    cpSync(archive, other, { recursive: true });
    change(other);
    await expect(readArchive(other)).rejects.toThrow(UsageError);
  });

  it.each<[string, object | null]>([
    ['stores[0]', null],
    ['stores[0].file', { file: 5 }],
    ['stores[0].tables', { tables: undefined }],
    ['stores[0].tables', { tables: [{ table: 'users', rows: 'one', hash: '5' }] }],
    ['stores[0].schema', { schema: undefined }],
    ['stores[0].schema', { schema: '2' }],
    ['stores[0].schema', { schema: null }],
    ['stores[0].kind', { kind: 'mysql' }],
    ['stores[0].size', { size: 'large' }],
  ])('is none where its manifest has no right %s: %j', async (place, members) => {
    const other = mkdtempSync(join(folder, 'other-'));
    cpSync(archive, other, { recursive: true });
    const { stores } = JSON.parse(readFileSync(join(other, 'manifest.json'), 'utf8')) as ArchiveManifest;
    changed(other, { stores: [members && { ...stores[0], ...members }] });
    const refused = readArchive(other);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(`--from ${other}: its manifest.json is no backup's, by its ${place}: name a folder that berth backup made`);
  });

  it('is not made where something is already, or where nobody may write', async () => {
    await expect(beginArchive(join(archive, 'users.db'), stack)).rejects.toThrow(/is there already: name a new folder/);
    await expect(beginArchive('/nowhere/at/all', stack)).rejects.toThrow(/no folder can be made there \(ENOENT\)/);
  });

  it('is not made of what is no copy', async () => {
    const receive = (text: string, file: string) =>
      receiveCopy(Readable.from([Buffer.from(text)]) as AsyncIterable<Buffer>, join(folder, file), 'Deployment/shop/users');
    await expect(receive('Usage: main.js\n', 'a')).rejects.toThrow(/^Deployment\/shop\/users: what came is no copy/);
    await expect(receive('{"schema":1}\n\n', 'b')).rejects.toThrow(/what came is no copy/);
    await expect(receive('hello\n\nworld', 'c')).rejects.toThrow(/what came is no copy/);
  });

  /** A manifest that says something else, with its right sum. */
  function changed(at: string, members: object): void {
    rewritten(at, JSON.stringify({ ...(JSON.parse(readFileSync(join(at, 'manifest.json'), 'utf8')) as object), ...members }));
  }

  function rewritten(at: string, text: string): void {
    writeFileSync(join(at, 'manifest.json'), text);
    const lines = readFileSync(join(at, 'SHA256SUMS'), 'utf8').split('\n').slice(0, 1);
    writeFileSync(join(at, 'SHA256SUMS'), `${lines.join('\n')}\n${createHash('sha256').update(text).digest('hex')}  manifest.json\n`);
  }

  function replacedByFolder(path: string): void {
    rmSync(path);
    mkdirSync(path);
  }
});
