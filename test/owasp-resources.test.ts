import { type ApiClient, createApiClient } from '../services/service-kit/testing/api-client';
import { expectFaults, expectProblem } from '../services/service-kit/testing/api-expectations';
import { createOpenApiCheck, readOpenApi } from '../services/service-kit/testing/openapi-check';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';

interface Answer {
  readonly items: readonly unknown[];
}

/** `"name";r=4;t=60` and the like, as draft-ietf-httpapi-ratelimit-headers-08 writes it. */
function parameterOf(header: unknown, name: string): number {
  return Number(new RegExp(`;\\s*${name}=(\\d+)`).exec(String(header))?.[1]);
}

describe('OWASP API4:2023 unrestricted resource consumption', () => {
  let process: ServiceProcess | undefined;
  let api: ApiClient<Answer>;
  const start = async (env: Record<string, string>) => {
    process = await startService('user-service', { LOG_LEVEL: 'warn', ...env });
    api = createApiClient<Answer>(process.url, createOpenApiCheck(await readOpenApi(process.url)));
  };
  afterEach(async () => {
    api.close();
    await process?.stop();
  });

  it('has no rate limit unless one is configured, and says so by leaving the headers out', async () => {
    await start({});
    const replies = await Promise.all(Array.from({ length: 300 }, () => api.get('/users')));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Object.keys(replies[0]!.headers).filter((name) => /ratelimit/i.test(name))).toEqual([]);
  });

  it('answers the requests of RATE_LIMIT_PER_MINUTE and 429 with Retry-After and RateLimit headers to one more', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '5' });
    for (let left = 4; left >= 0; left--) {
      const reply = await api.get('/api/v1/users');
      expect([reply.status, parameterOf(reply.headers['ratelimit'], 'r')]).toEqual([200, left]);
      expect([parameterOf(reply.headers['ratelimit-policy'], 'q'), parameterOf(reply.headers['ratelimit-policy'], 'w')]).toEqual([5, 60]);
    }
    for (const path of ['/api/v1/users', '/users', '/users/1', '/users/abc', '/nothing']) {
      const reply = await api.get(path);
      expectProblem(reply, 429, 'rate_limited');
      const seconds = Number(reply.headers['retry-after']);
      expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
      expect(parameterOf(reply.headers['ratelimit'], 'r')).toBe(0);
      expect(reply.headers['x-frame-options']).toBe('DENY');
    }
    expectProblem(await api.post('/users', { email: 'a@b.c', name: 'x' }), 429, 'rate_limited');
  });

  it('counts requests that are refused too', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '3' });
    for (const path of ['/users/abc', '/nothing', '/users?limit=0']) expect((await api.get(path)).status).not.toBe(429);
    expect((await api.get('/users')).status).toBe(429);
  });

  it('never limits probes, metrics and docs, under the prefix neither', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '1' });
    expect((await api.get('/users')).status).toBe(200);
    expect((await api.get('/users')).status).toBe(429);
    const paths = ['/health', '/health/live', '/health/ready', '/metrics', '/version', '/openapi.json', '/docs', '/docs/start.js'];
    for (const path of [...paths, ...paths.map((one) => `/api/v1${one}`)]) {
      for (let i = 0; i < 3; i++) expect([path, (await api.get(path)).status]).toEqual([path, 200]);
    }
    expect((await api.get('/users')).status).toBe(429);
  });

  it('does not let a path that only looks like a probe past the limit', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '1' });
    await api.get('/users');
    for (const path of ['/users?/health', '/users/../health', '/health/../users', '//health', '/health/x', '/HEALTH', '/docs/../users', '/users;/health']) {
      expect([path, (await api.get(path)).status]).toEqual([path, 429]);
    }
  });

  it('believes no X-Forwarded-For by default: a client can not get a new allowance by it', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2' });
    const statuses = [];
    for (const address of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) statuses.push((await api.get('/users', { 'x-forwarded-for': address })).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('counts by the address that the believed proxy saw, whatever the client wrote in front of it', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '1' });
    const ask = async (forwarded: string) => (await api.get('/users', { 'x-forwarded-for': forwarded })).status;
    expect([await ask('9.9.9.1, 1.1.1.1'), await ask('9.9.9.2, 1.1.1.1'), await ask('9.9.9.3, 1.1.1.1'), await ask('1.1.1.1:4711')]).toEqual([
      200, 200, 429, 429,
    ]);
    expect([await ask('9.9.9.3, 2.2.2.2'), await ask('2001:db8::1'), await ask('2001:db8::1')]).toEqual([200, 200, 200]);
  });

  it('counts two hops back behind two proxies', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '1', TRUST_PROXY: '2' });
    const ask = async (forwarded: string) => (await api.get('/users', { 'x-forwarded-for': forwarded })).status;
    expect([await ask('9.9.9.9, 1.1.1.1, 10.0.0.2'), await ask('8.8.8.8, 1.1.1.1, 10.0.0.3'), await ask('9.9.9.9, 2.2.2.2, 10.0.0.2')]).toEqual([
      200, 429, 200,
    ]);
  });

  it('gives one IPv6 network one allowance', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY: '1' });
    const ask = async (forwarded: string) => (await api.get('/users', { 'x-forwarded-for': forwarded })).status;
    expect([await ask('2001:db8:0:1::1'), await ask('2001:db8:0:1::2'), await ask('2001:db8:0:1:ffff::3')]).toEqual([200, 200, 429]);
  });

  it('bounds what one answer can cost: 100 rows at most, whatever is asked', async () => {
    await start({});
    for (let i = 0; i < 105; i++) await api.post('/users', { email: `cost${i}@example.com`, name: 'x'.repeat(255) });
    expect((await api.get('/users?limit=100')).body.items.length).toBe(100);
    for (const query of ['limit=101', 'limit=1000000', 'limit=-1', 'limit=', 'limit=1e9', 'limit=100&limit=100'])
      expectProblem(await api.get(`/users?${query}`), 400, 'invalid_parameter');
  });

  it('bounds what one request can bring: 32 KiB, 16 levels, 100 header fields, 16 KiB of headers', async () => {
    await start({});
    expectProblem(await api.send('POST', '/users', { raw: `{"name":"${'x'.repeat(32 * 1024)}"}` }), 413, 'content_too_large');
    expectProblem(await api.send('POST', '/users', { raw: `${'['.repeat(4_200)}${']'.repeat(4_200)}` }), 400, 'malformed_json');
    expectProblem(await api.get('/users', Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1']))), 431, 'headers_too_large');
    const refused = await fetch(`${process!.url}/users`, { headers: { 'x-long': 'x'.repeat(17 * 1024) } });
    expect(refused.status).toBe(431);
    expectFaults(await api.post('/users', { email: `${'a'.repeat(20_000)}@b.c`, name: 'x' }), '#/email');
  });

  it('checks an e-mail address in a time that does not explode', async () => {
    await start({});
    const nasty = ['a'.repeat(30_000), `${'a.'.repeat(15_000)}@`, `a@${'a-'.repeat(15_000)}`, `a@${'a.'.repeat(15_000)}!`, `${'!'.repeat(30_000)}@a`];
    const startedAt = performance.now();
    for (const email of nasty) expectFaults(await api.post('/users', { email, name: 'x' }), '#/email');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
