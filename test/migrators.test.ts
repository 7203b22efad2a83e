import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Databases, openDatabases, type ServiceName } from '../services/service-kit/testing/databases';
import { sayMeasured, seededRandom } from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const MIGRATORS = 8;
const ROUNDS = Number(process.env['MIGRATOR_ROUNDS'] ?? 20);

describe.each(storesUnderTest())('migrations on %s', (kind) => {
  let databases: Databases;
  let running: ServiceProcess | undefined;
  const started = async (...how: Parameters<typeof startService>) => (running = await startService(...how));
  beforeAll(async () => {
    databases = await openDatabases(kind);
  }, 60_000);
  afterEach(() => running?.kill());
  afterAll(() => databases?.dispose());

  test(`${MIGRATORS} migrators at once, ${ROUNDS} times: all exit 0, and each migration is applied by exactly one`, async () => {
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      const name = round % 2 === 0 ? 'user-service' : 'order-service';
      const env = await databases.fresh(name);
      const runs = await Promise.all(Array.from({ length: MIGRATORS }, () => migrate(name, env)));
      expect(runs.filter((run) => run.code !== 0)).toEqual([]);
      const rows = await appliedRows(databases, env);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.map((row) => Number(row['version']))).toEqual(rows.map((_, index) => index + 1));
      const said = runs.flatMap((run) => run.applied).sort((a, b) => a - b);
      expect(said).toEqual(rows.map((row) => Number(row['version'])));
    }
    sayMeasured(`migrators on ${kind}`, { processes: MIGRATORS * ROUNDS, seconds: ((performance.now() - startedAt) / 1_000).toFixed(1) });
  }, 300_000);

  test('a second run applies nothing', async () => {
    const env = await databases.fresh('user-service');
    expect((await migrate('user-service', env)).applied.length).toBeGreaterThan(0);
    const again = await migrate('user-service', env);
    expect([again.code, again.applied]).toEqual([0, []]);
  }, 30_000);

  test('a migration that was edited after it was applied is refused, by migrate and at start, with its number and the cure', async () => {
    const env = await databases.fresh('user-service');
    await migrate('user-service', env);
    await databases.query(env, "UPDATE schema_migrations SET checksum = 'edited' WHERE version = 1");
    for (const run of [await migrate('user-service', env), await runService('user-service', [], env)]) {
      expect(run.code).toBe(78);
      expect(run.output).toMatch(/Migration 1 .*was edited after it was applied: restore its text/);
      expect(run.output).not.toMatch(/\n\s+at /);
    }
  }, 30_000);

  test('a database that the other service migrated is refused, by migrate and at start, and left as it is', async () => {
    const theirs = await databases.fresh('user-service');
    await migrate('user-service', theirs);
    const before = await appliedRows(databases, theirs);
    const mine = { ...theirs, ...(theirs['USER_DB_PATH'] && { ORDER_DB_PATH: theirs['USER_DB_PATH'] }), USER_SERVICE_URL: 'http://127.0.0.1:9' };
    for (const run of [await migrate('order-service', mine), await runService('order-service', [], mine)]) {
      expect(run.code).toBe(78);
      expect(run.output).toMatch(/belongs to user-service, not to order-service/);
    }
    expect(await appliedRows(databases, theirs)).toEqual(before);
  }, 30_000);

  test('a newer migration that this release does not know is left alone, and the service is ready', async () => {
    const env = await databases.fresh('user-service');
    await migrate('user-service', env);
    await databases.query(
      env,
      "INSERT INTO schema_migrations (version, service, name, checksum, applied_at) SELECT 999, 'user-service', 'of a later release', 'unknown', max(applied_at) FROM schema_migrations",
    );
    expect((await migrate('user-service', env)).code).toBe(0);
    const service = await started('user-service', env);
    const ready = await fetch(`${service.url}/health/ready`);
    expect(ready.status).toBe(200);
    await service.stop();
    expect((await appliedRows(databases, env)).map((row) => Number(row['version']))).toContain(999);
  }, 30_000);

  test('migrators killed at random moments leave no lock and no half migration', async () => {
    const random = seededRandom(10);
    const slowest: number[] = [];
    for (let round = 0; round < 10; round++) {
      const env = await databases.fresh('order-service');
      for (let victim = 0; victim < 2; victim++) {
        const child = spawnService('order-service', ['migrate'], { ...env, USER_SERVICE_URL: 'http://127.0.0.1:9' });
        const exit = new Promise((resolve) => child.once('exit', resolve));
        await sleep(100 + random() * 250);
        child.kill('SIGKILL');
        await exit;
      }
      const startedAt = performance.now();
      const run = await migrate('order-service', env);
      slowest.push(Math.round(performance.now() - startedAt));
      expect(run).toMatchObject({ code: 0 });
      const rows = await appliedRows(databases, env);
      expect(rows.map((row) => Number(row['version']))).toEqual(rows.map((_, index) => index + 1));
    }
    expect(Math.max(...slowest)).toBeLessThan(5_000);
    sayMeasured(`killed migrators on ${kind}`, { kills: 20, slowestRunAfterMs: Math.max(...slowest) });
  }, 120_000);

  // SQLite's migrations always run at start: nobody else could
  const migratedByAJob = kind === 'postgres' ? test : test.skip;
  migratedByAJob(
    '(PostgreSQL only) a pod that does not migrate at start stays live and unready until the migrator has run, then is ready by itself',
    async () => {
      const env = await databases.fresh('user-service');
      const service = await started('user-service', { ...env, MIGRATE_ON_START: 'false' }, { waitReady: false });
      const status = async (path: string) => (await fetch(`${service.url}${path}`)).status;
      expect(await status('/health/live')).toBe(200);
      expect(await status('/health/ready')).toBe(503);
      expect(await status('/api/v1/users')).toBe(503);
      expect((await migrate('user-service', env)).code).toBe(0);
      await waitFor(async () => (await status('/health/ready')) === 200);
      expect(await status('/api/v1/users')).toBe(200);
    },
    30_000,
  );
});

interface Run {
  readonly code: number | null;
  /** stdout and stderr together. */
  readonly output: string;
  /** Versions that its log lines say it applied. */
  readonly applied: readonly number[];
}

function migrate(name: ServiceName, env: Readonly<Record<string, string>>): Promise<Run> {
  return runService(name, ['migrate'], { USER_SERVICE_URL: 'http://127.0.0.1:9', ...env });
}

/** Runs a service's program until it ends by itself, 20 s at most. */
async function runService(name: ServiceName, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawnService(name, args, env);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, output, applied: appliedIn(output) };
}

function spawnService(name: ServiceName, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const main = join(__dirname, '..', 'services', name, 'dist', 'main.js');
  const base = { PATH: process.env['PATH'] ?? '', PORT: '0', HOST: '127.0.0.1' };
  return spawn(process.execPath, [main, ...args], { env: { ...base, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

function appliedIn(output: string): number[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.flatMap((line) => (JSON.parse(line) as { applied?: number[] }).applied ?? []);
}

function appliedRows(databases: Databases, env: Readonly<Record<string, string>>): Promise<Record<string, unknown>[]> {
  return databases.query(env, 'SELECT version, service, name, checksum FROM schema_migrations ORDER BY version');
}

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error('not within 10 s');
    await sleep(100);
  }
}
