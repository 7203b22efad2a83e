import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { canMount, mountSmallDisk, smallDiskMissing } from '../services/service-kit/testing/small-disk';
import type { ServiceName } from '../services/service-kit/testing/databases';
import { bundleOf, startService } from '../services/service-kit/testing/service-process';

/** `main.js backup` and `main.js restore …`, as a person would run them. */
describe('a service’s own copies of its SQLite file', () => {
  let folder: string;
  const paths = () => ({ USER_DB_PATH: join(folder, 'users.db'), ORDER_DB_PATH: join(folder, 'orders.db') });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-copies-'));
    for (const name of ['user-service', 'order-service'] as const) await (await startService(name, paths())).stop();
  }, 30_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(name: ServiceName, words: readonly string[], input?: Buffer, env: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bundleOf(name), ...words], { env: { ...paths(), ...env }, ...(input && { input }) });
    return { status, stdout, stderr: stderr.toString() };
  }

  /** What `backup` wrote, as `restore stage` takes it. */
  function copyOf(name: ServiceName, change: (file: Buffer) => Buffer = (file) => file): Buffer {
    const { stdout } = run(name, ['backup']);
    const end = stdout.indexOf('\n\n');
    const [, ...tables] = stdout.subarray(0, end).toString().split('\n');
    const file = change(stdout.subarray(end + 2));
    const facts = JSON.stringify({ bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') });
    return Buffer.concat([Buffer.from(`${[facts, ...tables].join('\n')}\n\n`), file]);
  }

  it('are taken back: staged, and put in place at once where nobody serves', () => {
    const before = JSON.parse(run('user-service', ['restore', 'status']).stdout.toString()) as { live: string };
    const staged = JSON.parse(run('user-service', ['restore', 'stage'], copyOf('user-service')).stdout.toString()) as { live: string; waiting: string };
    expect(staged.live).toBe(before.live);
    expect(JSON.parse(run('user-service', ['restore', 'switch']).stdout.toString())).toEqual({ live: staged.waiting, holdsData: false });
  });

  it.each<[string, () => ReturnType<typeof run>, RegExp]>([
    [
      'another service’s copy',
      () => run('user-service', ['restore', 'stage'], copyOf('order-service')),
      /^user-service: the copy is of order-service, not of user-service$/m,
    ],
    [
      'a copy of a newer release',
      () =>
        run(
          'user-service',
          ['restore', 'stage'],
          copyOf('user-service', (file) => edited(file, "INSERT INTO schema_migrations VALUES (9, 'user-service', 'x', 'x', 'x')")),
        ),
      /the copy has schema 9, and this release of user-service knows 2: deploy the newer release first/,
    ],
    [
      'a copy whose migrations were edited',
      () =>
        run(
          'user-service',
          ['restore', 'stage'],
          copyOf('user-service', (file) => edited(file, "UPDATE schema_migrations SET checksum = 'x'")),
        ),
      /was edited after it was applied|does not hold the rows/,
    ],
    [
      'a copy with a page that is broken',
      () =>
        run(
          'user-service',
          ['restore', 'stage'],
          copyOf('user-service', (file) => Buffer.concat([file.subarray(0, 4096), Buffer.alloc(4096, 7), file.subarray(8192)])),
        ),
      /the copy is no whole database/,
    ],
    ['what is no copy', () => run('user-service', ['restore', 'stage'], Buffer.from('hello')), /does not begin with the lines of a copy/],
    ['nothing staged', () => run('user-service', ['restore', 'switch']), /no copy is staged: send one first/],
    ['a word that it doesn’t know', () => run('user-service', ['restore', 'all']), /unknown command "restore all": use backup, or restore with stage/],
    [
      'a store on PostgreSQL',
      () => run('user-service', ['backup'], undefined, { DATABASE_URL: 'postgres://u@h/d' }),
      /its store is PostgreSQL: copy it with pg_dump/,
    ],
    [
      'a database that isn’t there',
      () => run('user-service', ['backup'], undefined, { USER_DB_PATH: join(folder, 'none.db') }),
      /can't be opened .*: has the service ever started\?/,
    ],
  ])('are refused with a sentence, and nothing is left: %s', (_, refuse, sentence) => {
    const { status, stderr } = refuse();
    expect(stderr).toMatch(sentence);
    expect(status).toBe(1);
    expect(readdirSync(folder).filter((name) => /staged|restored|taking|backup|none/.test(name))).toEqual([]);
  });

  const [mounted, why] = canMount() ? [it, ''] : [it.skip, ` (skipped: ${smallDiskMissing})`];
  mounted(
    `are neither made nor taken where the volume has no room for them, and what is served stays${why}`,
    async () => {
      const copy = copyOf('user-service');
      const disk = await mountSmallDisk(4);
      const env = { USER_DB_PATH: join(disk.folder, 'users.db') };
      try {
        const service = await startService('user-service', env);
        await disk.fill();
        for (const { status, stderr } of [run('user-service', ['backup'], undefined, env), run('user-service', ['restore', 'stage'], copy, env)])
          expect([status, stderr]).toEqual([1, expect.stringMatching(/takes 1 MiB on its own volume, and 0 MiB are free: make the volume larger/)]);
        await disk.free();
        expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
        expect(run('user-service', ['backup'], undefined, env).status).toBe(0);
        await service.kill();
      } finally {
        await disk.dispose();
      }
    },
    30_000,
  );

  function edited(file: Buffer, sql: string): Buffer {
    const db = new Database(file);
    db.exec(sql);
    return db.serialize();
  }
});
