import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostgres, type PostgresServer, startPostgres } from '../../services/service-kit/testing/postgres-server';
import { createLoadClient, type JsonBody, type LoadClient, sayMeasured } from '../../services/service-kit/testing/load-client';
import { bundleOf, type ServiceProcess, startService } from '../../services/service-kit/testing/service-process';
import { readWholeList } from '../../services/service-kit/testing/shop';
import { storesUnderTest } from '../../services/service-kit/testing/stores';
import { type ArchivedStore, archivedStore } from '../src/backup/archive';
import type { CommandPlace } from '../src/backup/command-place';
import type { ReceivedCopy } from '../src/backup/copy-stream';
import { copyPostgres, differingTables, postgresRestore } from '../src/backup/postgres-copies';
import type { Restoring } from '../src/backup/restoring';
import { copySqlite, sqliteRestore } from '../src/backup/sqlite-copies';
import { localPlace } from '../testing/local-place';

const isFull = process.env['BERTH_FULL'] === '1';
const rounds = isFull ? 50 : 2;
const signal = new AbortController().signal;
const reference = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'user-service' };

/** A store with a service on it: what Berth does in pods is done by processes of this machine. */
interface Subject {
  readonly env: Readonly<Record<string, string>>;
  copy(path: string): Promise<ReceivedCopy>;
  restore(): Restoring;
  /** Loses everything, as a deleted volume does. */
  destroy(): Promise<void>;
  close(): Promise<void>;
}

const program = (name: 'user-service' | 'order-service') => ({
  backup: [process.execPath, bundleOf(name), 'backup'],
  restore: [process.execPath, bundleOf(name), 'restore'],
  reference,
});

function sqliteSubject(): Subject {
  const folder = mkdtempSync(join(tmpdir(), 'berth-copies-'));
  const env = { USER_DB_PATH: join(folder, 'data', 'users.db') };
  const place = localPlace(env, folder);
  return {
    env,
    copy: (path) => copySqlite(place, program('user-service'), path, signal),
    restore: () => sqliteRestore(program('user-service'), { place, signal, checkMayWrite: () => undefined }),
    destroy: () => rm(join(folder, 'data'), { recursive: true }),
    close: () => rm(folder, { recursive: true }),
  };
}

const database = {
  database: 'userdb',
  role: 'user_service',
  schemaQuery: 'SELECT service, version AS schema FROM schema_migrations ORDER BY version DESC LIMIT 1',
  bookkeeping: ['schema_migrations', 'store_probe', 'idempotency_keys'],
  reference,
};

async function postgresSubject(): Promise<Subject & { readonly server: PostgresServer; readonly place: CommandPlace }> {
  const server = await startPostgres();
  await server.query("CREATE ROLE user_service LOGIN PASSWORD 'of-the-test'");
  const make = async () => void (await server.createDatabase('userdb', 'OWNER user_service'));
  await make();
  const bin = findPostgres()!;
  const { password } = new URL(server.adminUrl);
  const place = localPlace({ PATH: `${bin}:${process.env['PATH']}`, PGHOST: '127.0.0.1', PGPORT: String(server.port), PGPASSWORD: password }, tmpdir());
  return {
    server,
    place,
    env: { DATABASE_URL: `postgres://user_service:of-the-test@127.0.0.1:${server.port}/userdb` },
    copy: (path) => copyPostgres(place, database, path, signal),
    restore: () => postgresRestore(database, { place, signal, checkMayWrite: () => undefined }),
    async destroy() {
      await server.query('DROP DATABASE userdb WITH (FORCE)');
      await make();
    },
    close: () => server.dispose(),
  };
}

/** Users that were acknowledged, by id. */
type Acknowledged = Map<number, JsonBody>;

/** Signs users up as fast as it is answered, until it is told to end. */
function writing(client: LoadClient, acknowledged: Acknowledged, round: number) {
  const state = { goesOn: true };
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let n = 0; state.goesOn; n++) {
      const reply = await client.call('POST', '/api/v1/users', { body: { email: `r${round}-${lane}-${n}@example.com`, name: `Ünïcode "${n}"`, age: n % 150 } });
      if (reply.status === 201) acknowledged.set(reply.body.id, reply.body);
    }
  });
  return async () => {
    state.goesOn = false;
    await Promise.all(lanes);
  };
}

async function untilWritten(acknowledged: Acknowledged, count: number): Promise<void> {
  while (acknowledged.size < count) await sleep(5);
}

async function served<Result>(env: Readonly<Record<string, string>>, work: (client: LoadClient, service: ServiceProcess) => Promise<Result>): Promise<Result> {
  const service = await startService('user-service', { ...env, LOG_LEVEL: 'warn' });
  const client = createLoadClient(service.url, 8);
  try {
    return await work(client, service);
  } finally {
    client.close();
    await service.kill();
  }
}

describe.each(storesUnderTest())('a store on %s', (kind) => {
  let subject: Subject;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-archive-'));
    subject = kind === 'sqlite' ? sqliteSubject() : await postgresSubject();
  }, 60_000);
  afterAll(async () => {
    await subject?.close();
    rmSync(folder, { recursive: true });
  });

  let files = 0;
  const freshFile = () => join(folder, String(files++));

  async function copied(): Promise<{ readonly archived: ArchivedStore; readonly path: string }> {
    const path = freshFile();
    return { archived: archivedStore(kind, 'it', await subject.copy(path)), path };
  }

  it(
    `is copied under writes, lost, and restored, ${rounds} times: the same rows, and every write that was acknowledged before the backup began`,
    async () => {
      let [before, more] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const acknowledged: Acknowledged = new Map();
        const { copy, known } = await served(subject.env, async (client) => {
          const rest = writing(client, acknowledged, round);
          await untilWritten(acknowledged, 50 + round * 7);
          const early = new Map(acknowledged);
          const result = { copy: await copied(), known: early };
          await rest();
          return result;
        });
        await subject.destroy();
        // as after an apply: the service runs on an empty store, and its end lets the restored one in
        const restoring = await served(subject.env, async () => {
          const begun = subject.restore();
          expect(await begun.holdsData()).toBe(false);
          await begun.stage(copy.archived, copy.path);
          await begun.switchOver(false);
          return begun;
        });
        await served(subject.env, async (client) => {
          expect(await restoring.isServed()).toBe(true);
          const list = new Map((await readWholeList(client, '/api/v1/users')).map((user) => [user.id, user]));
          for (const [id, user] of known) expect(list.get(id)).toEqual(user);
          // what was acknowledged while it was made is there whole, or not at all
          for (const [id, user] of list) if (acknowledged.has(id)) expect(user).toEqual(acknowledged.get(id));
          const again = await copied();
          expect(differingTables(copy.archived.tables, again.archived.tables)).toEqual([]);
          // ids go on where they were: a deleted user's is not given to another
          const next = await client.call('POST', '/api/v1/users', { body: { email: `next-${round}@example.com`, name: 'Next' } });
          expect(next.body.id).toBeGreaterThan(Math.max(...list.keys()));
          [before, more] = [before + known.size, more + list.size - known.size];
        });
        await restoring.cleanUp();
        await subject.destroy();
      }
      sayMeasured(`backup, loss and restore on ${kind}`, { rounds, acknowledgedBefore: before, whileItWasMade: more, lost: 0 });
    },
    60_000 + rounds * 15_000,
  );

  describe('with a backup', () => {
    let backup: { readonly archived: ArchivedStore; readonly path: string };
    beforeAll(async () => {
      backup = await served(subject.env, async (client) => {
        for (let n = 0; n < 3; n++) await client.call('POST', '/api/v1/users', { body: { email: `one-${n}@example.com`, name: 'One' } });
        return copied();
      });
    }, 30_000);

    /** Restores a changed backup, which must be refused, and gives the sentence. What is served must be what it was. */
    async function refusal(change: (archived: ArchivedStore, path: string) => ArchivedStore): Promise<string> {
      const path = freshFile();
      writeFileSync(path, readFileSync(backup.path));
      return served(subject.env, async (client) => {
        const before = await readWholeList(client, '/api/v1/users');
        const restoring = subject.restore();
        const error = await restoring.stage(change(backup.archived, path), path).then(
          () => new Error('it was taken'),
          (fault: unknown) => fault as Error,
        );
        expect(await readWholeList(client, '/api/v1/users')).toEqual(before);
        await restoring.cleanUp();
        if (kind === 'sqlite')
          expect(readdirSync(dirname(subject.env['USER_DB_PATH']!)).sort()).toEqual(['users.db', 'users.db-shm', 'users.db-wal', 'users.db.lock']);
        return error.message;
      });
    }

    it('refuses what is cut off', async () => {
      const said = await refusal((archived, path) => {
        truncateSync(path, archived.bytes - 1000);
        return archived;
      });
      expect(said).toMatch(kind === 'sqlite' ? /\d+ bytes of the copy arrived, and it has \d+/ : /end of file|could not read/);
    });

    it('refuses what holds other rows than its manifest says', async () => {
      const said = await refusal((archived) => ({ ...archived, tables: archived.tables.map((table) => ({ ...table, hash: '7' })) }));
      expect(said).toMatch(/does not hold the rows that were announced|holds other rows than were copied, in .*users/);
    });

    it('refuses to replace data that came while it was brought in, and loses none of them', async () => {
      await subject.destroy();
      const restoring = await served(subject.env, async (client) => {
        const begun = subject.restore();
        await begun.stage(backup.archived, backup.path);
        const late = await client.call('POST', '/api/v1/users', { body: { email: 'late@example.com', name: 'Late' } });
        expect(late.status).toBe(201);
        await begun.switchOver(false).catch((error: unknown) => expect((error as Error).message).toMatch(/was given data while its backup was brought in/));
        return begun;
      });
      await served(subject.env, async (client) => {
        expect((await readWholeList(client, '/api/v1/users')).map(({ email }) => email as unknown)).toEqual(['late@example.com']);
        if (kind === 'sqlite') await expect(restoring.isServed()).rejects.toThrow(/was given data while its backup was brought in/);
      });
      await restoring.cleanUp();
    }, 30_000);

    it('replaces data where they may be lost, while the service writes on', async () => {
      const acknowledged: Acknowledged = new Map();
      const restoring = await served(subject.env, async (client) => {
        const rest = writing(client, acknowledged, 1_000);
        await untilWritten(acknowledged, 20);
        const begun = subject.restore();
        expect(await begun.holdsData()).toBe(true);
        await begun.stage(backup.archived, backup.path);
        await begun.switchOver(true);
        await rest();
        return begun;
      });
      await served(subject.env, async (client) => {
        expect(await restoring.isServed()).toBe(true);
        const emails = (await readWholeList(client, '/api/v1/users')).map(({ email }) => email as unknown);
        expect(emails).toEqual(expect.arrayContaining(['one-0@example.com', 'one-1@example.com', 'one-2@example.com']));
      });
      await restoring.cleanUp();
    }, 30_000);
  });
});
