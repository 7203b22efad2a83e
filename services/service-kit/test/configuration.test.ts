import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '../testing/databases';
import { bundleOf } from '../testing/service-process';

const services: readonly ServiceName[] = ['user-service', 'order-service'];

/** Runs a service until it ends by itself. */
async function runService(name: ServiceName, env: Readonly<Record<string, string>>, cwd: string) {
  const child = spawn(process.execPath, [bundleOf(name)], { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, out, err };
}

describe.each(services)('%s with a wrong configuration', (name) => {
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

  it.each(['a file in place of its folder', 'a folder in place of its file'])('names the path that it can not use, and its variable: %s', async (which) => {
    const taken = join(folder, 'taken');
    if (which.startsWith('a file')) writeFileSync(taken, '');
    else mkdirSync(taken);
    const path = which.startsWith('a file') ? join(taken, 'service.db') : taken;
    const variable = name === 'user-service' ? 'USER_DB_PATH' : 'ORDER_DB_PATH';
    const { code, err } = await runService(name, { PORT: '0', HOST: '127.0.0.1', [variable]: path }, folder);
    expect([code, err]).toEqual([78, expect.stringContaining(taken)]);
    expect(err).toContain(variable);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
