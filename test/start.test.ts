import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostgres, postgresMissing, startPostgres } from '../services/service-kit/testing/postgres-server';
import { freePorts } from '../services/service-kit/testing/free-ports';
import { freshCopy, launch, type Launched, noneLeft, runningProcesses } from './launched';

/** `npm start` and `npm run dev`, by real processes in a copy in which nothing was installed yet. */
describe('npm start', () => {
  let folder: string;
  let users: number;
  let orders: number;
  let launched: Launched | undefined;

  beforeAll(async () => {
    folder = freshCopy();
    [users, orders] = (await freePorts(2)) as [number, number];
  });
  afterEach(async () => {
    if (launched?.child.exitCode === null) launched.child.kill('SIGTERM');
    await launched?.ended(60_000);
    launched = undefined;
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (script = 'start', env: Record<string, string> = {}) =>
    (launched = launch(folder, script, { USER_SERVICE_PORT: String(users), ORDER_SERVICE_PORT: String(orders), ...env }));
  const serving = (running: Launched, withinMs?: number) => running.printed(/Ctrl-C stops them/, withinMs);
  const post = (port: number, path: string, body: unknown) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const read = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).json();

  it('sets a fresh copy up, serves both services, and keeps an order over a restart', async () => {
    const first = start();
    await serving(first, 400_000);
    expect(first.output()).toContain('npm ci');
    for (const port of [users, orders]) {
      for (const path of ['/api/v1', '/docs', '/health/ready', '/metrics']) expect(first.output()).toContain(`http://localhost:${port}${path}`);
    }
    const user = await post(users, '/api/v1/users', { email: 'ada@example.com', name: 'Ada Lovelace', age: 36 });
    expect(user.status).toBe(201);
    const { id } = (await user.json()) as { id: number };
    const order = await post(orders, '/api/v1/orders', { user_id: id, product_id: 'book-1', quantity: 2 });
    expect(order.status).toBe(201);
    const created = (await order.json()) as { id: number };
    first.ctrlC();
    expect(await first.ended()).toBe(0);

    const again = start();
    await serving(again);
    expect(again.output()).not.toContain('setup:');
    expect(await read(users, `/api/v1/users/${id}`)).toMatchObject({ id, name: 'Ada Lovelace' });
    expect(await read(orders, `/api/v1/orders/${created.id}`)).toMatchObject({ id: created.id, user_id: id });
  }, 480_000);

  it('builds once when two set-ups run at once, and does nothing when nothing is to do', async () => {
    for (const name of ['user-service', 'order-service']) rmSync(join(folder, 'services', name, 'dist'), { recursive: true });
    const both = [launch(folder, 'setup'), launch(folder, 'setup')];
    expect(await Promise.all(both.map((one) => one.ended(60_000)))).toEqual([0, 0]);
    const printed = both.map((one) => one.output()).join('');
    expect(printed.match(/building the services/g)).toHaveLength(1);
    const idle = launch(folder, 'setup');
    expect(await idle.ended()).toBe(0);
    expect(idle.output()).toBe('');
  }, 90_000);

  it("fetches the project's own Node where npm was told to run no scripts", async () => {
    rmSync(join(folder, 'node_modules', 'node', 'bin'), { recursive: true });
    const repair = launch(folder, 'setup', { npm_config_ignore_scripts: 'true' });
    expect(await repair.ended(120_000)).toBe(0);
    expect(repair.output()).toContain('npm rebuild node');
    expect(execFileSync(join(folder, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' })).toMatch(/^v24\./);
  }, 150_000);

  it('says which port is taken and which variable moves the service, starts nothing and exits with 1', async () => {
    const holder = createServer().listen(orders, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const refused = start();
      expect(await refused.ended()).toBe(1);
      expect(refused.output()).toMatch(new RegExp(`port ${orders} is taken, order-service .*ORDER_SERVICE_PORT=`));
      expect(refused.output()).not.toContain('listening');
    } finally {
      holder.close();
    }
  }, 60_000);

  it('names the variable whose value is no port', async () => {
    const refused = start('start', { USER_SERVICE_PORT: 'tcp://10.0.0.1:8000' });
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toContain('USER_SERVICE_PORT is "tcp://10.0.0.1:8000"');
  }, 60_000);

  it('names every variable whose value is no port', async () => {
    const refused = start('start', { USER_SERVICE_PORT: 'abc', ORDER_SERVICE_PORT: '70000' });
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toContain('USER_SERVICE_PORT is "abc"');
    expect(refused.output()).toContain('ORDER_SERVICE_PORT is "70000"');
  }, 60_000);

  it('calls a wrong variable by the name that was set here, not by the one that the service knows', async () => {
    const refused = start('start', { USER_DATABASE_URL: 'postgres:foo' });
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toMatch(/- USER_DATABASE_URL must be/);
    expect(refused.output()).not.toMatch(/(?<!_)DATABASE_URL/);
    await noneLeft(folder, 0);
  }, 60_000);

  it('stops every service on Ctrl-C, leaves no process behind and exits with 0', async () => {
    const running = start();
    await serving(running);
    expect(servicesRunning()).toHaveLength(2);
    running.ctrlC();
    expect(await running.ended(10_000)).toBe(0);
    await noneLeft(folder, 0);
  }, 60_000);

  it('does the same on SIGTERM', async () => {
    const running = start();
    await serving(running);
    running.child.kill('SIGTERM');
    expect(await running.ended(10_000)).toBe(0);
    await noneLeft(folder, 0);
  }, 60_000);

  it('ends at once on a second Ctrl-C, whatever is in flight', async () => {
    const running = start();
    await serving(running);
    const client = await unfinishedRequest(users);
    running.ctrlC();
    await sleep(1500);
    expect(running.child.exitCode).toBeNull();
    running.ctrlC();
    expect(await running.ended(3000)).toBe(1);
    await noneLeft(folder, 1000);
    client.destroy();
  }, 60_000);

  it('stops the others when one dies, says which and why, and exits with 1', async () => {
    const running = start();
    await serving(running);
    process.kill(servicesRunning().find(({ command }) => command.includes('user-service'))!.pid, 'SIGKILL');
    expect(await running.ended(10_000)).toBe(1);
    expect(running.output()).toContain('user-service was killed by SIGKILL; stopping the others');
    await noneLeft(folder, 0);
  }, 60_000);

  it('says what a service said when its configuration is refused, and exits with 1', async () => {
    const refused = start('start', { LOG_LEVEL: 'loud' });
    expect(await refused.ended()).toBe(1);
    expect(refused.output()).toMatch(/LOG_LEVEL/);
    expect(refused.output()).toContain('user-service exited with code 78 before it was ready');
    await noneLeft(folder, 0);
  }, 60_000);

  it('leaves no service running when the launcher itself is killed', async () => {
    const running = start();
    await serving(running);
    const launcher = runningProcesses().find(({ parent }) => parent === running.child.pid)!;
    expect(launcher.command).toContain('scripts/start.mjs');
    process.kill(launcher.pid, 'SIGKILL');
    await noneLeft(folder, 10_000);
  }, 60_000);

  it('restarts, under npm run dev, just the service whose source changed, and survives a broken source', async () => {
    const running = start('dev');
    await running.printed(/restarts its service/);
    const before = pids();
    const main = join(folder, 'services', 'order-service', 'src', 'main.ts');
    const source = readFileSync(main, 'utf8');
    writeFileSync(main, `${source}\nconst broken = ;\n`);
    await running.printed(/\[ERROR\]/);
    expect(pids()).toEqual(before);
    writeFileSync(main, `${source}\n// changed\n`);
    await running.printed(/order-service changed; restarting it/);
    await running.printed(/(order-service .*listening[^]*){2}/);
    const after = pids();
    expect(after['user-service']).toBe(before['user-service']);
    expect(after['order-service']).not.toBe(before['order-service']);
    running.ctrlC();
    expect(await running.ended()).toBe(0);
    await noneLeft(folder, 0);
  }, 90_000);

  it('runs one service alone by --workspace, with JSON logs on stdout and nothing else, and drains it on Ctrl-C', async () => {
    const alone = (launched = launch(folder, 'start', { PORT: String(users), USER_DB_PATH: join(folder, 'alone.db') }, [
      '--workspace',
      'services/user-service',
    ]));
    let stdout = '';
    alone.child.stdout!.on('data', (chunk: string) => (stdout += chunk));
    await alone.printed(/"msg":"listening"/);
    alone.ctrlC();
    expect(await alone.ended()).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { service: string }).service)).toEqual(lines.map(() => 'user-service'));
    await noneLeft(folder, 0);
  }, 60_000);

  const postgresTest = findPostgres() === undefined ? it.skip : it;
  postgresTest(
    `puts each service on its own PostgreSQL database by its own variable (${postgresMissing})`,
    async () => {
      const server = await startPostgres();
      try {
        const [userUrl, orderUrl] = [await server.createDatabase(), await server.createDatabase()];
        const running = start('start', { USER_DATABASE_URL: userUrl, ORDER_DATABASE_URL: orderUrl, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
        await serving(running);
        expect(running.output().match(/data +PostgreSQL/g)).toHaveLength(2);
        expect((await post(users, '/api/v1/users', { email: 'eve@example.com', name: 'Eve' })).status).toBe(201);
        expect(await server.query('SELECT email FROM users', userUrl)).toEqual([{ email: 'eve@example.com' }]);
        expect(await read(orders, '/api/v1/orders')).toMatchObject({ items: [] });
        running.ctrlC();
        expect(await running.ended()).toBe(0);
      } finally {
        await server.dispose();
      }
    },
    120_000,
  );

  const servicesRunning = () => runningProcesses().filter(({ command }) => command.includes(folder) && command.includes('dist/main.js'));
  const pids = (): Record<string, number> =>
    Object.fromEntries(servicesRunning().map(({ pid, command }) => [command.match(/services\/([^/]+)\//)![1]!, pid] as const));
});

/** A POST whose body never ends: the service waits for it when it shuts down. */
async function unfinishedRequest(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write('POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  return socket;
}
