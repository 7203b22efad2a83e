import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Databases, openDatabases } from '../services/service-kit/testing/databases';
import { type Outcome, sendAlone, startDrainClients } from '../services/service-kit/testing/drain-clients';
import { createLoadClient, sayMeasured, tally } from '../services/service-kit/testing/load-client';
import { bundleOf, type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { storesUnderTest } from '../services/service-kit/testing/stores';

const CONNECTIONS = 200;
/** Far below the 500 ms for which the service serves on, so that every client comes by and is told to close. */
const PAUSE_MS = 100;

describe.each(storesUnderTest())('SIGTERM on %s', (kind) => {
  let databases: Databases;
  let service: ServiceProcess;
  beforeAll(async () => {
    databases = await openDatabases(kind);
  }, 60_000);
  beforeEach(async () => {
    service = await startService('user-service', { ...(await databases.fresh('user-service')), LOG_LEVEL: 'warn', SHUTDOWN_TIMEOUT_MS: '8000' });
  }, 30_000);
  afterEach(() => service?.kill());
  afterAll(() => databases?.dispose());

  test.each([1, 2, 3])(
    'under 200 keep-alive connections every request in flight is answered and none is reset; it exits 0 within 1 s (round %i)',
    async (round) => {
      const clients = startDrainClients(service.url, CONNECTIONS, PAUSE_MS, fastRequest);
      await until(() => clients.established() === CONNECTIONS);
      const slow = [1_000, 1_500, 2_000, 2_500, 3_000].flatMap((overMs, index) =>
        [0, 1, 2, 3].map((twin) =>
          sendAlone(service.url, { method: 'POST', path: '/api/v1/users', body: person(`slow${round}${index}${twin}`), slowly: overMs }),
        ),
      );
      await sleep(300);
      const exited = exitOf(service.child);
      service.child.kill('SIGTERM');
      const slowOutcomes = await Promise.all(slow);
      await clients.done();
      const exit = await exited;
      clients.close();
      expect({ exit: exit.code, log: service.logs.filter((line) => line['level'] !== 'info' && line['level'] !== 30).slice(0, 5) }).toEqual({
        exit: 0,
        log: [],
      });
      expect(brokenOf(clients.outcomes)).toEqual([]);
      expect(tally(slowOutcomes.map((outcome) => outcome.error ?? outcome.status ?? ''))).toEqual({ '201': slow.length });
      const lastAnswerAt = Math.max(...[...slowOutcomes, ...clients.outcomes].map((outcome) => outcome.endedAt));
      expect(exit.at - lastAnswerAt).toBeLessThan(1_000);
      sayMeasured(`SIGTERM on ${kind}`, {
        requests: clients.outcomes.length,
        statuses: tally(clients.outcomes.map((outcome) => outcome.status ?? 'broken')),
        slow: slow.length,
        exitAfterLastAnswerMs: Math.round(exit.at - lastAnswerAt),
      });
    },
    60_000,
  );

  test('while it serves on it is not ready, still live, and every answer says Connection: close', async () => {
    const exited = exitOf(service.child);
    const client = createLoadClient(service.url, 1);
    service.child.kill('SIGTERM');
    await sleep(50);
    const replies = [];
    for (const path of ['/health/ready', '/health/live', '/health', '/api/v1/users', '/nowhere', '/metrics']) replies.push(await client.call('GET', path));
    expect(replies.map((reply) => reply.status)).toEqual([503, 200, 200, 200, 404, 200]);
    expect(replies[0]?.body?.status).toBe('unavailable');
    expect(replies.map((reply) => reply.headers.connection)).toEqual(replies.map(() => 'close'));
    expect((await exited).code).toBe(0);
    client.close();
  }, 20_000);

  test('with nothing to do it exits 0 in about the time it serves on, idle keep-alive connections or not', async () => {
    const clients = Array.from({ length: 50 }, () => createLoadClient(service.url, 1));
    await Promise.all(clients.map((client) => client.call('GET', '/health')));
    const startedAt = performance.now();
    const exited = exitOf(service.child);
    service.child.kill('SIGTERM');
    const exit = await exited;
    expect(exit.code).toBe(0);
    expect(exit.at - startedAt).toBeLessThan(1_500);
    clients.forEach((client) => client.close());
  }, 20_000);

  test('a second signal exits at once', async () => {
    const slow = sendAlone(service.url, { method: 'POST', path: '/api/v1/users', body: person('cut'), slowly: 5_000 });
    await sleep(200);
    const exited = exitOf(service.child);
    service.child.kill('SIGTERM');
    await sleep(200);
    const startedAt = performance.now();
    service.child.kill('SIGTERM');
    const exit = await exited;
    expect(exit.at - startedAt).toBeLessThan(300);
    expect(exit.code).not.toBe(0);
    expect((await slow).status).toBeUndefined();
  }, 20_000);

  test('SIGINT is the same as SIGTERM', async () => {
    const slow = sendAlone(service.url, { method: 'POST', path: '/api/v1/users', body: person('interrupted'), slowly: 1_000 });
    await sleep(200);
    const exited = exitOf(service.child);
    service.child.kill('SIGINT');
    expect((await slow).status).toBe(201);
    expect((await exited).code).toBe(0);
  }, 20_000);
});

describe('SIGTERM', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-shutdown-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('past SHUTDOWN_TIMEOUT_MS connections are cut and the exit code is 1', async () => {
    const service = await startService('user-service', { SHUTDOWN_TIMEOUT_MS: '1500', LOG_LEVEL: 'warn' });
    const slow = sendAlone(service.url, { method: 'POST', path: '/api/v1/users', body: person('late'), slowly: 10_000 });
    await sleep(200);
    const startedAt = performance.now();
    const exited = exitOf(service.child);
    service.child.kill('SIGTERM');
    const exit = await exited;
    expect(exit.code).toBe(1);
    expect(exit.at - startedAt).toBeGreaterThan(1_400);
    // From the signal on, the half second of serving on included.
    expect(exit.at - startedAt).toBeLessThan(1_900);
    expect((await slow).status).toBeUndefined();
    await service.kill();
  }, 20_000);

  test('a service whose parent dies goes too, cleanly', async () => {
    const child = spawn(process.execPath, [bundleOf('user-service')], {
      env: { PORT: '0', HOST: '127.0.0.1' },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    await once(child.stdout!, 'data');
    const exited = exitOf(child);
    child.disconnect();
    expect((await exited).code).toBe(0);
  }, 20_000);

  test('power check: the same clients see resets at a server that closes idle connections at once', async () => {
    let broken = 0;
    for (let round = 0; round < 10 && broken === 0; round++) broken += await resetsWithoutDrain();
    expect(broken).toBeGreaterThan(0);
  }, 60_000);
});

/** What a service does when it follows Node.js' documentation of `server.close()`. */
const serverWithoutDrain = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => setTimeout(() => response.end('{}'), 2));
});
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); setInterval(() => server.closeIdleConnections(), 100); });
`;

async function resetsWithoutDrain(): Promise<number> {
  const child = spawn(process.execPath, ['-e', serverWithoutDrain], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  const exited = exitOf(child);
  const clients = startDrainClients(`http://127.0.0.1:${port}`, CONNECTIONS, 5, fastRequest);
  await until(() => clients.established() === CONNECTIONS);
  await sleep(100);
  child.kill('SIGTERM');
  await sleep(1_500);
  // counted before the end: a connection that stays busy is never told to close, and only a kill ends it
  const broken = brokenOf(clients.outcomes).length;
  child.kill('SIGKILL');
  await exited;
  await clients.done();
  clients.close();
  return broken;
}

let people = 0;

function person(label: string): Record<string, unknown> {
  return { email: `${label}${++people}@example.com`, name: label };
}

function fastRequest(client: number): { method: string; path: string; body?: unknown } {
  if (client % 4 === 0) return { method: 'POST', path: '/api/v1/users', body: person('fast') };
  return { method: 'GET', path: client % 4 === 1 ? '/api/v1/users?limit=5' : '/api/v1/users/1' };
}

/** Requests that went out on a standing connection and got no answer; a new connection may rightly be refused. */
function brokenOf(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter((outcome) => outcome.status === undefined && outcome.error !== 'ECONNREFUSED');
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; at: number }> {
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, at: performance.now() })));
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > giveUpAt) throw new Error('the clients did not all get through within 20 s');
    await sleep(10);
  }
}
