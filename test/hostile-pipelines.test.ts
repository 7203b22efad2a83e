import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabases } from '../services/service-kit/testing/databases';
import { eventually, inParallel, sayMeasured } from '../services/service-kit/testing/load-client';
import { hasProcessFigures, residentBytes } from '../services/service-kit/testing/process-figures';
import { exchangeRaw, rawRequest } from '../services/service-kit/testing/raw-http';
import { startService } from '../services/service-kit/testing/service-process';
import { faultsOf, startTargets, type Target, type TargetName, type Targets } from './hostile-targets';

jest.setTimeout(120_000);

const json = 'Content-Type: application/json';

describe.each(['user-service', 'order-service'] as const)('%s given requests behind requests', (name: TargetName) => {
  let targets: Targets;
  let target: Target;

  beforeAll(async () => {
    targets = await startTargets();
    target = targets.all[name];
  });
  afterEach(() => target.expectAlive());
  afterAll(() => targets.close());

  const good = () => rawRequest('POST', target.collection, [json], JSON.stringify(target.valid()));

  /** Answers that close the connection: what stands behind them, in the same packet or later, is never carried out. */
  it.each([
    ['an unknown expectation', (path: string) => rawRequest('GET', path, ['Expect: bogus']), 417],
    ['a body that is too long', (path: string) => rawRequest('POST', path, [json], ' '.repeat(40_000)), 413],
    ['two Hosts', (path: string) => rawRequest('GET', path, ['Host: other']), 400],
    ['Connection: close', (path: string) => rawRequest('GET', path, ['Connection: close']), 200],
  ] as const)('carries out nothing behind %s', async (_what, closing, status) => {
    for (const parts of [
      (canary: Buffer) => [Buffer.concat([closing(target.collection), canary])],
      (canary: Buffer) => [Buffer.concat([good(), closing(target.collection), canary])],
      (canary: Buffer) => [closing(target.collection), canary],
    ]) {
      const canary = target.canary();
      const { responses } = await exchangeRaw(target.service.port, parts(canary.bytes), { timeoutMs: 2_000 });
      expect(responses.at(-1)?.status).toBe(status);
      expect(responses.flatMap((response) => faultsOf(response))).toEqual([]);
      expect(await canary.sang()).toBe(false);
    }
  });

  it.each([
    ['garbage', () => Buffer.from('GARBAGE\r\n\r\n'), 400],
    ['a CONNECT', () => Buffer.from('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), 405],
    ['a broken body', (path: string) => Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`), 400],
    ['an unknown expectation', (path: string) => rawRequest('GET', path, ['Expect: bogus']), 417],
  ] as const)('answers what came before %s first, and as if it had come alone', async (_what, bad, status) => {
    const { responses, ended } = await exchangeRaw(target.service.port, Buffer.concat([good(), good(), bad(target.collection)]), { timeoutMs: 3_000 });
    expect(responses.map((response) => response.status)).toEqual([201, 201, status]);
    expect(ended).toBe('fin');
  });

  it('carries requests of one connection out one after the other', async () => {
    const { id } = (await target.client.call('POST', target.collection, { body: target.valid() })).body as { id: number };
    const path = `${target.collection}/${id}`;
    const bytes = [rawRequest('GET', path), rawRequest('DELETE', path), rawRequest('GET', path), rawRequest('DELETE', path)];
    const { responses } = await exchangeRaw(target.service.port, Buffer.concat(bytes), { enough: 4 });
    expect(responses.map(({ status }) => status)).toEqual([200, 204, 404, 404]);
  });
});

it('carries out nothing that it does not answer while it drains', async () => {
  const databases = await openDatabases('sqlite');
  const env = await databases.fresh('user-service');
  const service = await startService('user-service', env);
  const socket = connect({ port: service.port, host: '127.0.0.1' });
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  const emails = [1, 2, 3].map((n) => `drained${n}@example.com`);
  const posts = emails.map((email) => rawRequest('POST', '/users', [json], JSON.stringify({ email, name: 'Drained' })));
  socket.write(rawRequest('GET', '/users'));
  await eventually('the connection is in use', 5_000, () => Promise.resolve(received.length > 0));
  service.child.kill('SIGTERM');
  await sleep(150);
  socket.write(Buffer.concat(posts));
  await ended;
  expect(
    Buffer.concat(received)
      .toString()
      .match(/HTTP\/1.1 \d+/g),
  ).toEqual(['HTTP/1.1 200', 'HTTP/1.1 201']);
  const again = await startService('user-service', env);
  const { items } = (await (await fetch(`${again.url}/users?limit=100`)).json()) as { items: { email: string }[] };
  expect(items.map(({ email }) => email)).toEqual(emails.slice(0, 1));
  await again.kill();
  await databases.dispose();
});

(hasProcessFigures ? it : it.skip)('bounds what clients cost that ask for much and read nothing (skipped without /proc)', async () => {
  const users = await startService('user-service', {});
  const service = await startService('order-service', { USER_SERVICE_URL: users.url });
  const user = await fetch(`${users.url}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"email":"a@example.com","name":"A"}',
  });
  const { id } = (await user.json()) as { id: number };
  const items = Array.from({ length: 100 }, (_, n) => ({ product_id: `p${n}`, product_name: 'N'.repeat(200), quantity: 1, price: 1.5 }));
  const order = JSON.stringify({ user_id: id, items });
  await inParallel(Array.from({ length: 100 }), 8, () =>
    fetch(`${service.url}/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: order }).then((answer) => answer.text()),
  );
  const before = residentBytes(service.child.pid!);
  const sockets: Socket[] = [];
  let peak = 0;
  // 250 clients ask for four times 2.6 MB each, 50 a second, and read nothing. The kernel takes the first answers, the process keeps the rest.
  for (let n = 0; n < 250; n++) {
    const socket = connect({ port: service.port, host: '127.0.0.1' });
    socket.pause().on('error', () => undefined);
    socket.write(Buffer.concat(Array.from({ length: 4 }, () => rawRequest('GET', '/orders?limit=100'))));
    sockets.push(socket);
    await sleep(20);
    peak = Math.max(peak, residentBytes(service.child.pid!));
  }
  // Neighbours are served all the while, and large answers again when the silent ones are gone.
  expect((await fetch(`${service.url}/orders?limit=1`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await eventually('a large list is given again', 5_000, async () => {
    const list = await fetch(`${service.url}/orders?limit=100`);
    await list.arrayBuffer();
    return list.status === 200;
  });
  expect(service.child.exitCode).toBeNull();
  const grownMebibytes = Math.round((peak - before) / 1024 ** 2);
  sayMeasured('250 clients that read nothing', { grownMebibytes });
  expect(grownMebibytes).toBeLessThan(250);
  await service.kill();
  await users.kill();
});
