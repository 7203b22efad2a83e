import { type ApiClient, createApiClient } from '../services/service-kit/testing/api-client';
import { expectFaults, expectProblem } from '../services/service-kit/testing/api-expectations';
import { gzipBomb, type HttpStub, jsonAnswer, problemAnswer, startHttpStub, type StubAnswer } from '../services/service-kit/testing/http-stub';
import { createOpenApiCheck, readOpenApi } from '../services/service-kit/testing/openapi-check';
import { exchangeRaw, rawRequest } from '../services/service-kit/testing/raw-http';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';

interface Answer {
  readonly id: number;
  readonly status: string;
  readonly created_at: string;
  readonly items: readonly unknown[];
}

const everyUserExists = ({ url }: { url: string }): StubAnswer => jsonAnswer(200, { id: Number(/^\/api\/v1\/users\/(\d+)$/.exec(url)?.[1]) });

let peer: HttpStub;
let elsewhere: HttpStub;
let userProcess: ServiceProcess;
let orderProcess: ServiceProcess;
let users: ApiClient<Answer>;
let orders: ApiClient<Answer>;

beforeAll(async () => {
  [peer, elsewhere] = await Promise.all([startHttpStub(everyUserExists), startHttpStub(jsonAnswer(200, { id: 1 }))]);
  // A proxy in the environment must not see calls between services.
  const proxy = { HTTP_PROXY: elsewhere.url, http_proxy: elsewhere.url, ALL_PROXY: elsewhere.url };
  [userProcess, orderProcess] = await Promise.all([startService('user-service'), startService('order-service', { USER_SERVICE_URL: peer.url, ...proxy })]);
  users = createApiClient<Answer>(userProcess.url, createOpenApiCheck(await readOpenApi(userProcess.url)));
  orders = createApiClient<Answer>(orderProcess.url, createOpenApiCheck(await readOpenApi(orderProcess.url)));
}, 60_000);
afterEach(() => peer.answerWith(everyUserExists));
afterAll(async () => {
  users.close();
  orders.close();
  await Promise.all([userProcess.stop(), orderProcess.stop(), peer.close(), elsewhere.close()]);
});

let signedUp = 0;
const newUser = () => ({ email: `owasp${++signedUp}@example.com`, name: 'Owasp' });
const newOrder = () => ({ user_id: 1, product_id: 'p', quantity: 1 });

describe.each(['API1:2023 broken object level authorization', 'API2:2023 broken authentication', 'API5:2023 broken function level authorization'])(
  'OWASP %s',
  () => {
    it.todo('comes with the gateway, which knows who asks: these services have no identities');
  },
);

describe('OWASP API3:2023 broken object property level authorization', () => {
  const foreign = { id: 1, version: 9, created_at: '2000-01-01T00:00:00.000Z', updated_at: '2000-01-01T00:00:00.000Z', is_admin: true };

  it('lets nobody assign members that are not theirs to set, neither at creation nor at a change', async () => {
    const [user, order] = [(await users.post('/users', newUser())).body, (await orders.post('/orders', newOrder())).body];
    const pointers = Object.keys(foreign).map((member) => `#/${member}`);
    expectFaults(await users.post('/users', { ...newUser(), ...foreign }), ...pointers);
    expectFaults(await users.put(`/users/${user.id}`, { name: 'x', ...foreign }), ...pointers);
    expectFaults(
      await orders.post('/orders', { user_id: 1, items: [{ product_id: 'p', quantity: 1 }], ...foreign, status: 'delivered', total: 0 }),
      ...pointers,
      '#/status',
      '#/total',
    );
    expectFaults(await orders.put(`/orders/${order.id}`, { status: 'confirmed', ...foreign, user_id: 2, total: 0 }), ...pointers, '#/user_id', '#/total');
    expect([(await users.get(`/users/${user.id}`)).body, (await orders.get(`/orders/${order.id}`)).body]).toEqual([user, order]);
  });

  it('can not be talked into it by the prototype', async () => {
    for (const raw of [
      '{"__proto__":{"is_admin":true},"email":"p@example.com","name":"x"}',
      '{"constructor":{"prototype":{"x":1}},"email":"p@example.com","name":"x"}',
    ]) {
      expectProblem(await users.send('POST', '/users', { raw }), 422, 'invalid_content');
    }
  });

  it('shows the published members of a row and no others', async () => {
    expect(Object.keys((await users.post('/users', newUser())).body)).toEqual(['id', 'email', 'name', 'age', 'created_at', 'updated_at']);
    const { body } = await orders.post('/orders', newOrder());
    expect(Object.keys(body)).toEqual(['id', 'user_id', 'status', 'items', 'shipping_address', 'total', 'created_at', 'updated_at']);
  });
});

describe('OWASP API6:2023 unrestricted access to sensitive business flows', () => {
  it('slows a robot that places orders down by its address, and makes one order of one key', async () => {
    const limited = await startService('order-service', { USER_SERVICE_URL: peer.url, RATE_LIMIT_PER_MINUTE: '20' });
    const robot = createApiClient<Answer>(limited.url);
    const replies = await Promise.all(Array.from({ length: 60 }, () => robot.post('/orders', newOrder(), { 'idempotency-key': 'robot' })));
    robot.close();
    await limited.stop();
    const statuses = Map.groupBy(replies, ({ status }) => status);
    expect(statuses.get(429)?.length).toBe(40);
    expect(new Set(statuses.get(201)?.map(({ text }) => text)).size).toBe(1);
  });
});

describe('OWASP API7:2023 server side request forgery', () => {
  it('asks one address only, whatever a client writes into an order', async () => {
    const seen = peer.requests.length;
    const user_ids = [elsewhere.url, `1@${elsewhere.url}`, '../../admin', '1/../2', '1?x=1', '1#', '//127.0.0.1/', '%2e%2e', '1\r\nHost: x'];
    for (const user_id of user_ids) expectFaults(await orders.post('/orders', { ...newOrder(), user_id }), '#/user_id');
    expect(peer.requests.length).toBe(seen);
    await orders.post('/orders', {
      user_id: 77,
      items: [{ product_id: elsewhere.url, product_name: elsewhere.url, quantity: 1 }],
      shipping_address: elsewhere.url,
    });
    expect(peer.requests.slice(seen).map(({ url }) => url)).toEqual(['/api/v1/users/77']);
    expect(elsewhere.requests).toEqual([]);
  });

  it('can not be steered by headers', async () => {
    const host = elsewhere.url.replace('http://', '');
    const headers = { host: host, 'x-forwarded-host': host, 'x-original-url': '/users/2', 'x-rewrite-url': '/users/2', forwarded: `host=${host}` };
    const reply = await orders.post('/orders', newOrder(), headers);
    expect([reply.status, reply.headers['location']]).toEqual([201, `/api/v1/orders/${reply.body.id}`]);
    expect(peer.requests.at(-1)?.headers['host']).toBe(peer.url.replace('http://', ''));
    expect(elsewhere.requests).toEqual([]);
  });

  it('follows no redirect of its peer', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      peer.answerWith({ status, headers: { location: `${elsewhere.url}/api/v1/users/1` } });
      expectProblem(await orders.post('/orders', newOrder()), 502, 'user_service_invalid_response');
    }
    expect(elsewhere.requests).toEqual([]);
  });

  it('is no proxy: CONNECT is refused, and a whole URL leads to its own paths', async () => {
    const connect = await exchangeRaw(userProcess.port, rawRequest('CONNECT', elsewhere.url.replace('http://', '')), { enough: 1 });
    expect(connect.responses[0]?.status).toBe(405);
    await exchangeRaw(userProcess.port, rawRequest('GET', `${elsewhere.url}/users`), { enough: 1 });
    expect(elsewhere.requests).toEqual([]);
  });

  it('uses no proxy of the environment', async () => {
    expect((await orders.post('/orders', newOrder())).status).toBe(201);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('OWASP API8:2023 security misconfiguration', () => {
  const expected = {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  const calls: readonly (readonly [method: string, path: string, raw: string])[] = [
    ['GET', '/users', ''],
    ['GET', '/users/999999999', ''],
    ['GET', '/users/abc', ''],
    ['POST', '/users', '{'],
    ['POST', '/users', '{}'],
    ['DELETE', '/users', ''],
    ['OPTIONS', '/users', ''],
    ['GET', '/nothing', ''],
    ['GET', '/health/ready', ''],
    ['GET', '/metrics', ''],
    ['GET', '/openapi.json', ''],
  ];

  it.each(calls)("sends helmet's headers with the answer to %s %s, and none that tells what runs", async (method, path, raw) => {
    const { headers } = await users.send(method, path, raw === '' ? {} : { raw });
    expect(headers).toMatchObject(expected);
    for (const name of ['x-powered-by', 'server', 'access-control-allow-origin', 'set-cookie', 'via']) expect([name, headers[name]]).toEqual([name, undefined]);
  });

  it("sends them with the answer to a path that can't be decoded too", async () => {
    const { status, headers } = await users.get('/users/%');
    expect([status, headers]).toEqual([400, expect.objectContaining(expected)]);
  });

  it('lets the documentation page load from the service itself only', async () => {
    const { headers } = await users.get('/docs');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  });

  it('keeps answers with data out of shared caches', async () => {
    const { id } = (await users.post('/users', newUser())).body;
    for (const path of [`/users/${id}`, '/users', '/users/999999999']) expect((await users.get(path)).headers['cache-control']).toMatch(/no-store|private/);
  });

  it('grants no other origin anything', async () => {
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' };
    const replies = [await users.send('OPTIONS', '/users/1', { headers: preflight }), await users.get('/users', { origin: 'https://evil.example' })];
    for (const { headers } of replies) expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('answers faults without a stack, a path of its files, SQL, or the name of what it is made of', async () => {
    const replies = [
      ...(await Promise.all(calls.map(([method, path, raw]) => users.send(method, path, raw === '' ? {} : { raw })))).filter(({ status }) => status >= 400),
      await users.post('/users', { email: "x' OR 1=1 --", name: '\ud800' }),
      await users.get("/users?email='%20OR%201=1"),
      await orders.get('/orders?status=%27;DROP%20TABLE%20orders'),
    ];
    for (const { status, text } of replies) {
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/node_modules|\.(ts|js):\d+|\bat \w+ \(|select |insert |sqlite|postgres|express|zod|kysely|better-/i);
    }
  });

  it('refuses methods that reflect or tunnel', async () => {
    for (const method of ['TRACE', 'TRACK', 'PROPFIND']) {
      const { responses } = await exchangeRaw(userProcess.port, rawRequest(method, '/users', ['X-Secret: s3cret']), { enough: 1 });
      expect([400, 405]).toContain(responses[0]?.status);
      expect(responses[0]?.body.toString()).not.toContain('s3cret');
    }
  });
});

describe('OWASP API9:2023 improper inventory management', () => {
  it('answers every published operation under both prefixes, and nothing at the versions and consoles that nobody published', async () => {
    for (const [api, process] of [
      [users, userProcess],
      [orders, orderProcess],
    ] as const) {
      const document = await readOpenApi(process.url);
      expect(document.servers.map(({ url }) => url)).toEqual(['/api/v1', '/']);
      for (const template of Object.keys(document.paths)) {
        const path = template.replace('{file}', 'start.js').replaceAll(/\{\w+\}/g, '1');
        for (const prefix of ['/api/v1', '']) {
          const { status, headers } = await api.send('OPTIONS', `${prefix}${path}`);
          const published = Object.keys(document.paths[template]!).map((method) => method.toUpperCase());
          const expected = [...published, ...(published.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
          expect([path, status, headers['allow']]).toEqual([path, 204, expected]);
        }
      }
      for (const path of [
        '/api/v0/users',
        '/api/v2/users',
        '/api/users',
        '/v1/users',
        '/admin',
        '/debug',
        '/graphql',
        '/swagger.json',
        '/api-docs',
        '/actuator',
        '/.git/config',
        '/.env',
        '/console',
      ]) {
        expectProblem(await api.get(path), 404, 'not_found');
      }
    }
  });

  it('tells which version and revision runs', async () => {
    const { text } = await users.get('/version');
    expect(JSON.parse(text)).toEqual({
      name: 'user-service',
      version: expect.any(String) as unknown,
      revision: expect.any(String) as unknown,
      node: globalThis.process.version,
    });
  });
});

describe('OWASP API10:2023 unsafe consumption of APIs', () => {
  const poisoned: readonly (readonly [string, () => StubAnswer])[] = [
    ['another user', () => jsonAnswer(200, { id: 2 })],
    ['the id as a string', () => jsonAnswer(200, { id: '1' })],
    ['a list', () => jsonAnswer(200, [{ id: 1 }])],
    ['an id in the prototype', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"__proto__":{"id":1}}' })],
    ['a page of HTML', () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<script>alert("poison")</script>' })],
    ['nothing', () => ({ status: 200, body: '' })],
    ['half a body of JSON', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"id":1' })],
    ['more than 64 KiB', () => jsonAnswer(200, { id: 1, name: 'poison'.repeat(20_000) })],
    ['a bomb of gzip', () => ({ status: 200, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: gzipBomb(64) })],
    ['a 404 that is not its own', () => problemAnswer(404, 'poison')],
    ['an unknown success', () => jsonAnswer(206, { id: 1 })],
    ['a demand for a password', () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="poison"' } })],
  ];

  it.each(poisoned)('answers 502 to %s and repeats nothing of it', async (_what, answer) => {
    peer.answerWith(answer());
    const before = (await orders.get('/orders/user/1')).text;
    const reply = await orders.post('/orders', newOrder());
    expectProblem(reply, 502, 'user_service_invalid_response');
    expect(`${reply.text}${JSON.stringify(reply.headers)}`).not.toContain('poison');
    expect((await orders.get('/orders/user/1')).text).toBe(before);
  });

  it('takes no more of a good answer than that the user exists', async () => {
    peer.answerWith(
      jsonAnswer(200, { id: 1, email: 'poison@example.com', name: 'poison', admin: true }, { 'set-cookie': 'poison=1', 'x-request-id': 'poison' }),
    );
    const reply = await orders.post('/orders', newOrder());
    expect(reply.status).toBe(201);
    expect(`${reply.text}${JSON.stringify(reply.headers)}`).not.toContain('poison');
    expect(JSON.stringify(orderProcess.logs)).not.toContain('poison@example.com');
  });

  it('passes on none of the headers that a client sent but the ids', async () => {
    await orders.post('/orders', newOrder(), { authorization: 'Bearer s3cret', cookie: 's=s3cret', 'x-custom': 's3cret', 'x-request-id': 'mine-1' });
    const { headers } = peer.requests.at(-1)!;
    expect(JSON.stringify(headers)).not.toContain('s3cret');
    expect(headers['x-request-id']).toBe('mine-1');
  });
});
