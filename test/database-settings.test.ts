import { execFile } from 'node:child_process';
import { type PostgresServer, startPostgres } from '../services/service-kit/testing/postgres-server';
import { createLoadClient } from '../services/service-kit/testing/load-client';
import { bundleOf, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const onPostgres = storesUnderTest().includes('postgres');
const skipped = onPostgres ? '' : ' (skipped: run with TEST_STORES=postgres and PostgreSQL on the machine)';

(onPostgres ? describe : describe.skip)(`a PostgreSQL database with settings of its own${skipped}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.dispose(), 30_000);

  it.each(['DateStyle = SQL, DMY', 'DateStyle = German', "TimeZone = 'Asia/Kolkata'", 'client_encoding = LATIN1', "IntervalStyle = 'iso_8601'"])(
    'answers as any other does where it says %s',
    async (setting) => {
      const url = await server.createDatabase();
      await server.query(`ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET ${setting}`);
      const service = await startService('user-service', { DATABASE_URL: url });
      const client = createLoadClient(service.url);
      const made = await client.call('POST', '/api/v1/users', { body: { email: 'ada@example.com', name: 'Ada 🚢' }, headers: { 'idempotency-key': 'k' } });
      expect(made.status).toBe(201);
      expect(made.body['name']).toBe('Ada 🚢');
      expect(made.body.updated_at).toMatch(/^20\d\d-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
      expect(Math.abs(Date.parse(made.body.updated_at) - Date.now())).toBeLessThan(60_000);
      expect((await client.call('GET', `/api/v1/users/${made.body.id}`)).body).toEqual(made.body);
      expect((await client.call('GET', '/api/v1/users')).body.items).toEqual([made.body]);
      client.close();
      await service.stop();
    },
    30_000,
  );

  it("keeps its URL's own options", async () => {
    const url = `${await server.createDatabase()}?options=-c%20work_mem%3D5MB%20-c%20DateStyle%3DGerman`;
    const service = await startService('user-service', { DATABASE_URL: url });
    const client = createLoadClient(service.url);
    expect((await client.call('POST', '/api/v1/users', { body: { email: 'ada@example.com', name: 'Ada' } })).status).toBe(201);
    client.close();
    await service.stop();
  }, 30_000);

  it.each(['LATIN1', 'SQL_ASCII'])(
    'is refused by migrate and at start, with the cure, where it is encoded in %s',
    async (encoding) => {
      const url = await server.createDatabase(undefined, `ENCODING '${encoding}' TEMPLATE template0`);
      for (const env of [{}, { MIGRATE_ON_START: 'false' }]) {
        for (const args of [['migrate'], []]) {
          const run = await runService(args, { ...env, DATABASE_URL: url });
          expect(run.code).toBe(78);
          expect(run.output).toContain(
            `is encoded in ${encoding}, which can't keep every text: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
          );
          expect(run.output).not.toMatch(/\n\s+at /);
        }
      }
      expect(await server.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'", url)).toEqual([]);
    },
    30_000,
  );
});

/** Runs user-service's program until it ends by itself, 5 s at most. */
function runService(args: readonly string[], env: Record<string, string>): Promise<{ code: unknown; output: string }> {
  const options = { env: { PATH: process.env['PATH'] ?? '', PORT: '0', HOST: '127.0.0.1', ...env }, timeout: 5_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [bundleOf('user-service'), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}
