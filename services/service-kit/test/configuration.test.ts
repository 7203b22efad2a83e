import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteConnection } from '../src/store/sqlite/sqlite-connection';
import type { ServiceName } from '../testing/databases';
import { bundleOf } from '../testing/service-process';

const services: readonly ServiceName[] = ['user-service', 'order-service'];

/** Runs a service until it ends by itself. */
async function runService(name: ServiceName, env: Readonly<Record<string, string>>, cwd: string, command: readonly string[] = []) {
  const child = spawn(process.execPath, [bundleOf(name), ...command], { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, out, err };
}

describe.each(services)('%s with a wrong configuration', (name) => {
  const pathVariable = name === 'user-service' ? 'USER_DB_PATH' : 'ORDER_DB_PATH';
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-configured-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('tells every fault at once by the name of its variable, exits 78, and has touched nothing', async () => {
    const env: Record<string, string> = {
      ...{ PORT: 'eighty', LOG_LEVEL: 'loud', TRUST_PROXY: '-1', RATE_LIMIT_PER_MINUTE: '0', SHUTDOWN_TIMEOUT_MS: '1.5', READINESS_REQUIRES_PEERS: 'maybe' },
      ...{ DATABASE_URL: 'mysql://user:hidden@db/x', DATABASE_POOL_SIZE: '1000' },
      ...(name === 'order-service' && { USER_SERVICE_URL: 'user-service:8000', USER_SERVICE_TIMEOUT_MS: '0', USER_SERVICE_MAX_TRIES: 'three' }),
    };
    const { code, out, err } = await runService(name, env, folder);
    expect([code, out]).toEqual([78, '']);
    for (const variable of Object.keys(env)) expect(err).toMatch(new RegExp(`^ *- ${variable} must `, 'm'));
    expect(err.match(/^ *- /gm)?.length).toBe(Object.keys(env).length);
    expect(err).toContain(name);
    expect(err).not.toMatch(/hidden|\n\s+at /);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not listen before it has exited', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const running = runService(name, { PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'loud' }, folder);
    let accepted = 0;
    const knock = setInterval(
      () =>
        connect(port, '127.0.0.1')
          .on('connect', () => accepted++)
          .on('error', () => undefined),
      20,
    );
    expect((await running).code).toBe(78);
    clearInterval(knock);
    expect(accepted).toBe(0);
  });

  it('says at once that its port is taken, and which variable moves it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, err } = await runService(name, { PORT: String(port), HOST: '127.0.0.1' }, folder);
    server.close();
    expect(code).toBe(1);
    expect(err).toMatch(/PORT/);
    expect(err).toContain(String(port));
    expect(err).not.toMatch(/\n\s+at /);
  });

  const unusable: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['an address of another machine', { HOST: '192.0.2.1', PORT: '0' }],
    ['an unknown host name', { HOST: 'nowhere.invalid', PORT: '0' }],
  ];

  it.each(unusable)('names HOST and PORT when it can not listen on %s, exits 78, and has touched nothing', async (_what, env) => {
    const { code, err } = await runService(name, env, folder);
    expect([code, err]).toEqual([78, expect.stringMatching(/HOST .*PORT 0 .*HOST: /) as string]);
    expect(err).toContain(env['HOST']);
    expect(err).not.toMatch(/DB_PATH|\n\s+at /);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing beside a file that is no database', async () => {
    writeFileSync(join(folder, 'passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
    const { code, err } = await runService(name, { PORT: '0', HOST: '127.0.0.1', [pathVariable]: join(folder, 'passwd') }, folder);
    expect([code, err]).toEqual([78, expect.stringContaining('SQLITE_NOTADB') as string]);
    expect(readdirSync(folder)).toEqual(['passwd']);
  });

  it('names the migration whose SQL fails', async () => {
    const file = join(folder, 'odd.db');
    const connection = SqliteConnection.open(file);
    connection.db.exec('CREATE TABLE users (odd TEXT); CREATE TABLE orders (odd TEXT);');
    connection.db.close();
    const { code, err } = await runService(name, { [pathVariable]: file }, folder, ['migrate']);
    expect([code, err]).toEqual([1, expect.stringMatching(/Migration 2 \(.+\) failed.*already exists/) as string]);
    expect(err).not.toMatch(/permissions/);
  });

  it('names the variable of a database that is down when it is to migrate it', async () => {
    const { code, err } = await runService(name, { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/x' }, folder, ['migrate']);
    expect([code, err]).toEqual([1, expect.stringMatching(/DATABASE_URL: .*ECONNREFUSED.*check/) as string]);
    expect(err).not.toContain('hidden');
  });

  it.each(['a file in place of its folder', 'a folder in place of its file'])('names the path that it can not use, and its variable: %s', async (which) => {
    const taken = join(folder, 'taken');
    if (which.startsWith('a file')) writeFileSync(taken, '');
    else mkdirSync(taken);
    const path = which.startsWith('a file') ? join(taken, 'service.db') : taken;
    const { code, err } = await runService(name, { PORT: '0', HOST: '127.0.0.1', [pathVariable]: path }, folder);
    expect([code, err]).toEqual([78, expect.stringContaining(taken)]);
    expect(err).toContain(pathVariable);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
