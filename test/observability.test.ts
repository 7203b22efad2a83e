import { type ApiClient, createApiClient } from '../services/service-kit/testing/api-client';
import { type HttpStub, jsonAnswer, startHttpStub } from '../services/service-kit/testing/http-stub';
import { eventually, inParallel } from '../services/service-kit/testing/load-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';

type Line = Readonly<Record<string, unknown>>;

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const secrets = ['ada.private@example.com', 'Ada Private', '5 Secret Quay', 'Bearer s3cret', 'private-key-1'];

let peer: HttpStub;
let userProcess: ServiceProcess;
let orderProcess: ServiceProcess;
let lone: ServiceProcess;
let users: ApiClient<{ id: number }>;
let orders: ApiClient<{ id: number }>;

beforeAll(async () => {
  userProcess = await startService('user-service', { LOG_LEVEL: 'debug', BERTH_VERSION: '9.8.7' });
  peer = await startHttpStub(jsonAnswer(200, { id: 1 }));
  [orderProcess, lone] = await Promise.all([
    startService('order-service', { USER_SERVICE_URL: userProcess.url }),
    startService('order-service', { USER_SERVICE_URL: peer.url }),
  ]);
  users = createApiClient(userProcess.url);
  orders = createApiClient(orderProcess.url);
}, 60_000);
afterAll(async () => {
  users.close();
  orders.close();
  await Promise.all([orderProcess.stop(), lone.stop(), peer.close()]);
  await userProcess.stop();
});

/** The log is written in pieces, at the latest after 100 ms. */
async function linesOf({ logs }: ServiceProcess, request_id: string, count: number): Promise<readonly Line[]> {
  const found = () => logs.filter((line) => line['request_id'] === request_id);
  await eventually(`${count} lines of ${request_id}`, 5_000, () => Promise.resolve(found().length >= count));
  return found();
}

async function metric(process: ServiceProcess, name: string): Promise<number> {
  const text = await (await fetch(`${process.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1] ?? 0);
}

let lastId = 0;
const newId = () => `observed-${++lastId}`;

describe('the log', () => {
  it('has one line a request with every member that the contract names', async () => {
    const id = newId();
    const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736';
    await users.get('/api/v1/users/999?x=1', { 'x-request-id': id, traceparent: `00-${trace_id}-00f067aa0ba902b7-01` });
    const lines = await linesOf(userProcess, id, 1);
    expect(lines.length).toBe(1);
    const { time, duration_ms, ...told } = lines[0]!;
    expect(told).toEqual({
      ...{ level: 'info', msg: 'request', service: 'user-service', version: '9.8.7' },
      ...{ request_id: id, trace_id, method: 'GET', route: '/users/{id}', status: 404 },
    });
    expect(time).toMatch(isoTime);
    expect(typeof duration_ms === 'number' && duration_ms > 0 && duration_ms < 5_000).toBe(true);
  });

  it('tells one order in both services by one request id and one trace id, with a line for the call between them', async () => {
    const { id: user_id } = (await users.post('/users', { email: 'log@example.com', name: 'Log' })).body;
    const id = newId();
    const reply = await orders.post('/orders', { user_id, product_id: 'p', quantity: 1 }, { 'x-request-id': id });
    expect([reply.status, reply.headers['x-request-id']]).toEqual([201, id]);
    const [ofOrders, ofUsers] = [await linesOf(orderProcess, id, 2), await linesOf(userProcess, id, 1)];
    expect(ofOrders.map(({ msg }) => msg)).toEqual(['outbound call', 'request']);
    expect(ofOrders[0]).toMatchObject({ level: 'info', peer: 'user-service', method: 'GET', route: '/api/v1/users/{id}', outcome: 'ok', tries: 1 });
    expect(ofOrders[1]).toMatchObject({ method: 'POST', route: '/orders', status: 201 });
    expect(ofUsers).toMatchObject([{ msg: 'request', method: 'GET', route: '/users/{id}', status: 200 }]);
    const traces = new Set([...ofOrders, ...ofUsers].map(({ trace_id }) => trace_id));
    expect([traces.size, [...traces][0]]).toEqual([1, expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  it('counts the request that it tells, in the service that it tells of', async () => {
    const name = 'http_requests_total{method="PUT",route="/users/{id}",status="404"}';
    const before = await metric(userProcess, name);
    const id = newId();
    await users.put('/users/999', { name: 'x' }, { 'x-request-id': id });
    expect((await linesOf(userProcess, id, 1))[0]).toMatchObject({ method: 'PUT', route: '/users/{id}', status: 404 });
    expect(await metric(userProcess, name)).toBe(before + 1);
  });

  it('makes a trace for a request without one, and for one with a broken one', async () => {
    for (const traceparent of [
      undefined,
      'x',
      '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
      'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ]) {
      const id = newId();
      await users.get('/users', { 'x-request-id': id, traceparent });
      const [line] = await linesOf(userProcess, id, 1);
      expect(line?.['trace_id']).toMatch(/^(?!0{32}|4bf92f)[0-9a-f]{32}$/);
    }
  });

  it('tells an error with its cause, a bug apart', async () => {
    peer.answerWith({ status: 500 });
    const id = newId();
    const answer = await fetch(`${lone.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id },
      body: '{"user_id":1,"product_id":"p","quantity":1}',
    });
    expect(answer.status).toBe(503);
    const lines = await linesOf(lone, id, 3);
    const call = lines.find(({ msg }) => msg === 'outbound call');
    expect(call).toMatchObject({ level: 'warn', outcome: 'unavailable', tries: 3 });
    expect(JSON.stringify(lines)).toContain('status 500');
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    peer.answerWith(jsonAnswer(200, { id: 1 }));
  });

  it('tells probes, scrapes and docs at debug only', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/version', '/openapi.json', '/docs']) {
      const id = newId();
      await users.get(path, { 'x-request-id': id });
      await orders.get(path, { 'x-request-id': id });
      expect(await linesOf(userProcess, id, 1)).toMatchObject([{ level: 'debug', route: path }]);
      const marker = newId();
      await orders.get('/orders', { 'x-request-id': marker });
      await linesOf(orderProcess, marker, 1);
      expect(orderProcess.logs.filter(({ request_id }) => request_id === id)).toEqual([]);
    }
  });

  it('holds no personal data and no secret of requests, answered or refused', async () => {
    const [email, name, address, authorization, key] = secrets as [string, string, string, string, string];
    const headers = { authorization, cookie: `session=${authorization}`, 'idempotency-key': key };
    await users.post('/users', { email, name }, headers);
    await users.post('/users', { email, name }, { authorization });
    await users.post('/users', { email, name, admin: email }, headers);
    await users.send('POST', '/users', { raw: `{"email":"${email}",`, headers });
    await users.get(`/users?email=${encodeURIComponent(email)}`, headers);
    await users.get(`/users?${encodeURIComponent(email)}=1`, headers);
    await users.get(`/${encodeURIComponent(email)}`, headers);
    await orders.post('/orders', { user_id: 1, items: [{ product_id: 'p', product_name: name, quantity: 1 }], shipping_address: address }, headers);
    const id = newId();
    await Promise.all([users.get('/users', { 'x-request-id': id }), orders.get('/orders', { 'x-request-id': id })]);
    await Promise.all([linesOf(userProcess, id, 1), linesOf(orderProcess, id, 1)]);
    const log = JSON.stringify([userProcess.logs, orderProcess.logs]);
    for (const secret of [...secrets, encodeURIComponent(email)]) expect([secret, log.includes(secret)]).toEqual([secret, false]);
  });

  it('can not be forged by a request: every line is one JSON object of its own', async () => {
    await users.get(`/users/${encodeURIComponent('1\n{"level":"fatal","msg":"forged"}')}`, {
      'x-request-id': 'a"} {"msg":"forged"',
      'user-agent': '{"msg":"forged"}',
    });
    const id = newId();
    await users.get('/users', { 'x-request-id': id });
    await linesOf(userProcess, id, 1);
    expect(userProcess.logs.filter(({ msg }) => msg === 'forged')).toEqual([]);
  });
});

describe('the metrics', () => {
  it('tell how many requests are in flight, without labels, and none when all are answered or gone', async () => {
    // The scrape itself is one.
    expect(await metric(lone, 'http_requests_in_flight')).toBe(1);
    peer.answerWith({ ...jsonAnswer(200, { id: 1 }), delayMs: 600 });
    const client = createApiClient<unknown>(lone.url);
    const running = Array.from({ length: 7 }, () => client.post('/orders', { user_id: 1, product_id: 'p', quantity: 1 }));
    const leaving = new AbortController();
    const gone = fetch(`${lone.url}/orders`, { ...orderRequest, signal: leaving.signal }).catch(() => undefined);
    await eventually('eight requests are in flight', 500, async () => (await metric(lone, 'http_requests_in_flight')) === 9);
    leaving.abort();
    await Promise.all([...running, gone]);
    await eventually('none is', 3_000, async () => (await metric(lone, 'http_requests_in_flight')) === 1);
    client.close();
    peer.answerWith(jsonAnswer(200, { id: 1 }));
  });

  it('have no series more after 10,000 different paths, methods, statuses and ids', async () => {
    const client = createApiClient<unknown>(lone.url);
    const strange = ['PROPFIND', 'MKCOL', 'REPORT', 'TRACE', 'SEARCH'];
    const ask = (i: number) => {
      const paths = [
        `/nothing/${i}`,
        `/orders/${i + 1_000_000}`,
        `/orders/user/${i}`,
        `/api/v1/orders?user_id=${i + 1}`,
        `/${i}`,
        `/api/v1/x${i}/y?z=${i}`,
        `/orders/x${i}`,
      ];
      return client.send(i % 50 === 0 ? strange[(i / 50) % strange.length]! : 'GET', paths[i % paths.length]!, { headers: { 'x-request-id': `path-${i}` } });
    };
    const series = async () => {
      const text = await (await fetch(`${lone.url}/metrics`)).text();
      return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    };
    await inParallel([...Array(700).keys()], 40, ask);
    const before = await series();
    await inParallel([...Array(10_000).keys()], 40, (i) => ask(i + 700));
    const after = await series();
    const namesOf = (lines: readonly string[]) => lines.map((line) => line.slice(0, line.lastIndexOf(' '))).sort();
    expect(namesOf(after).filter((name) => !namesOf(before).includes(name) && !/^nodejs_/.test(name))).toEqual([]);
    expect(after.filter((line) => /path-|nothing|1000\d\d\d|PROPFIND|MKCOL/.test(line.slice(0, line.lastIndexOf(' '))))).toEqual([]);
    expect(after.length).toBeLessThan(1_000);
    expect(await metric(lone, 'http_requests_total{method="GET",route="unmatched",status="404"}')).toBeGreaterThan(3_000);
    client.close();
  }, 60_000);
});

const orderRequest = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user_id":1,"product_id":"p","quantity":1}' };
